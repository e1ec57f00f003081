"""Group `cleargrid`: the vendor's datasets, where the lineage begins. Add each dataset that an asset reads here."""

import dagster as dg

from cleargrid_assets.assets.presentation import OWNERS, VENDOR_PAGE, code_references

D23 = dg.AssetKey(["cleargrid", "d23"])


def build_sources() -> list[dg.AssetSpec]:
    """The datasets, which runs read but never write."""
    return [
        dg.AssetSpec(
            D23,
            group_name="cleargrid",
            description=(
                "ClearGrid's dataset D23, manual communication logs, in section S4 of its export API: one row for each "
                "outcome that a collections agent logged. ClearGrid changes rows after the fact, so months are read "
                "again."
            ),
            metadata={
                "ClearGrid's documentation": dg.MetadataValue.url(VENDOR_PAGE),
                "dagster/code_references": code_references("cleargrid", "__init__"),
            },
            owners=OWNERS,
            kinds={"api"},
        )
    ]
