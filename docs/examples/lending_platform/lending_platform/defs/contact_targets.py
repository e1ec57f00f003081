"""An asset of the project's own, computed from a table of the component."""

import dagster as dg

from cleargrid_assets.connections import WarehouseConnection

TARGET = 0.4
CONTACT_RATES = """
SELECT month, value
FROM analytics.kpi_monthly
WHERE slice = 'all' AND metric = 'contact_rate' AND status = 'final'
ORDER BY month
"""


@dg.asset(deps=[dg.AssetKey(["collections", "analytics", "kpi_monthly"])], group_name="lending")
def contact_targets(warehouse: dg.ResourceParam[WarehouseConnection]) -> dg.MaterializeResult[None]:
    """The months whose contact rate reached the target."""
    with warehouse.warehouse().reading() as connection:
        rates = connection.execute(CONTACT_RATES).fetchall()
    reached = [f"{month:%Y-%m}" for month, rate in rates if rate and rate >= TARGET]
    return dg.MaterializeResult(metadata={"months": len(rates), "reached": dg.MetadataValue.json(reached)})
