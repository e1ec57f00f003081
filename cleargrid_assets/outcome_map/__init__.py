"""The outcome map: from an outcome as an agent's tool spells it to what it means.

Here: the shipped map, the user's overlay, the matching key. Not here: where it is applied (`assets.core`).
"""

from cleargrid_assets.outcome_map.matching import matching_key
from cleargrid_assets.outcome_map.outcome_map import OutcomeMap, OutcomeMapError

__all__ = ["OutcomeMap", "OutcomeMapError", "matching_key"]
