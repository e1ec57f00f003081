"""An existing Dagster project that takes in the assets of cleargrid_assets as a component."""
