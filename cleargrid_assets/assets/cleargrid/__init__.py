"""Group `cleargrid`: the vendor's datasets, where the lineage begins. The texts are in each dataset's declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

from cleargrid_assets.asset_keys import UNPREFIXED
from cleargrid_assets.assets.definition_metadata import OWNERS, VENDOR_PAGE, code_references

if TYPE_CHECKING:
    from cleargrid_assets.asset_keys import AssetKeys
    from cleargrid_assets.tables.dataset import RawDataset


API_POOL = "cleargrid_api"
"""The pool of every step that sends requests to ClearGrid. The instance limits it; code cannot."""


def build_source(dataset: RawDataset, keys: AssetKeys = UNPREFIXED) -> dg.AssetSpec:
    """The dataset, which runs read but never write."""
    return dg.AssetSpec(
        keys.source(dataset),
        group_name="cleargrid",
        description=(
            f"ClearGrid's dataset {dataset.code}, {dataset.title}, in section {dataset.export.section} of its export "
            f"API: {dataset.source}. ClearGrid changes rows after the fact, so months are read again."
        ),
        metadata={
            "ClearGrid's documentation": dg.MetadataValue.url(VENDOR_PAGE),
            "dagster/code_references": code_references("cleargrid", "__init__"),
        },
        owners=OWNERS,
        kinds={"api"},
    )
