"""The outcome map: from an outcome as an agent's tool spells it to its meaning.

The shipped map, the user's overlay and the matching key belong here; `assets.core` applies them.
"""

from cleargrid_assets.outcome_map.matching import matching_key
from cleargrid_assets.outcome_map.outcome_map import OutcomeMap, OutcomeMapError

__all__ = ["OutcomeMap", "OutcomeMapError", "matching_key"]
