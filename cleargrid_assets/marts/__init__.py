"""A lender's own marts: the `.sql` files in the folder CLEARGRID_MARTS, read and verified when definitions load.

Their heads and what may be wrong with them belong here; `assets.mart_tables` makes them assets like ours. Each becomes
a table of schema `marts`. `docs/marts.md` tells analysts what to write.
"""

from cleargrid_assets.marts.errors import MartError
from cleargrid_assets.marts.mart import NO_MARTS, Mart, Marts
from cleargrid_assets.marts.read import marts_of

__all__ = ["NO_MARTS", "Mart", "MartError", "Marts", "marts_of"]
