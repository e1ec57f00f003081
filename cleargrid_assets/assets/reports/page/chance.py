"""The limits of what is more than chance, as the page's sentences name them. The SQL that judges has them as numbers.

A limit that several sections state belongs here.
"""

SIGNIFICANT = 0.05
"""Up to this p-value a difference is more than chance."""

FEWEST_WEEKS = 6
"""With fewer, the dispersion of a rate is not known and taken as 1."""
