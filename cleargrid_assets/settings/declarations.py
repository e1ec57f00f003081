"""Every setting of the platform, declared once: code, `.env.example`, README and `cleargrid doctor` all read this list.

Names, defaults, bounds and meanings belong here; their types are in `setting_types`.
"""

from __future__ import annotations

from typing import Any

from cleargrid_assets.settings.addresses import AlertAddress, LakeData, Link, WarehouseAddress
from cleargrid_assets.settings.setting_types import (
    Choice,
    Datasets,
    Group,
    Integer,
    Month,
    OptionalPath,
    Setting,
    Share,
    Text,
    Url,
    Zone,
)

BASE_URLS = {
    "production": "https://v3-api.cleargrid.ai",
    "staging": "https://stage-v3-api.cleargrid.ai",
}
EMULATOR = "emulator"
ENVIRONMENTS = (*BASE_URLS, EMULATOR)


class Declarations:
    """The settings, in the order in which documents list them."""

    environment = Choice(
        "CLEARGRID_ENVIRONMENT",
        None,
        ENVIRONMENTS,
        "`production`, `staging` or `emulator`",
        group=Group.ACCOUNT,
        is_essential=True,
    )
    base_url = Url(
        "CLEARGRID_BASE_URL",
        lambda settings: BASE_URLS.get(settings.environment),
        "ClearGrid's root address without `/admin`, for a proxy or an emulator; HTTPS, plain HTTP for loopback only",
        group=Group.ACCOUNT,
        default_note="the environment's",
        missing_advice=(
            " and the emulator has no fixed address; start one with `cleargrid emulator --port 8123` and set "
            "CLEARGRID_BASE_URL=http://127.0.0.1:8123"
        ),
    )
    lender = Text(
        "CLEARGRID_LENDER",
        None,
        "the lender's subdomain, as ClearGrid issued it",
        group=Group.ACCOUNT,
        is_essential=True,
    )
    email = Text(
        "CLEARGRID_EMAIL", None, "the account's email, as ClearGrid issued it", group=Group.ACCOUNT, is_essential=True
    )
    password = Text(
        "CLEARGRID_PASSWORD",
        None,
        "the account's password; a secret",
        group=Group.ACCOUNT,
        is_essential=True,
        is_secret=True,
    )

    datasets = Datasets(
        "CLEARGRID_DATASETS",
        "D23",
        "the datasets to land, separated by commas: `D23` (required) and `D21`, communication logs",
        group=Group.LOADING,
    )
    trailing_months = Integer(
        "CLEARGRID_TRAILING_MONTHS",
        3,
        0,
        120,
        "closed months that the daily schedule re-reads besides the open one",
        group=Group.LOADING,
    )
    page_size = Integer("CLEARGRID_PAGE_SIZE", 500, 1, 1000, "rows per page", group=Group.LOADING)
    concurrency = Integer("CLEARGRID_CONCURRENCY", 4, 1, 16, "requests in flight for one month", group=Group.LOADING)
    loads_at_once = Integer(
        "CLEARGRID_LOADS_AT_ONCE",
        4,
        1,
        64,
        "loads and observations that may send requests at the same time, across all runs; `cleargrid dev` and `demo` "
        "set it as the limit of Dagster's pool `cleargrid_api`",
        group=Group.LOADING,
    )
    timeout_seconds = Integer(
        "CLEARGRID_TIMEOUT_SECONDS",
        30,
        1,
        600,
        "seconds that one request may take, to its last byte",
        group=Group.LOADING,
    )
    stall_seconds = Integer(
        "CLEARGRID_STALL_SECONDS",
        75,
        5,
        3600,
        "seconds without a page after which a load gives up",
        group=Group.LOADING,
    )
    load_seconds = Integer(
        "CLEARGRID_LOAD_SECONDS", 7200, 10, 14400, "seconds that one load of a month may take", group=Group.LOADING
    )
    observe_requests = Integer(
        "CLEARGRID_OBSERVE_REQUESTS",
        200,
        1,
        100_000,
        "requests that the nightly observation of ClearGrid may send, retries included",
        group=Group.LOADING,
    )
    quarantine_limit = Share(
        "CLEARGRID_QUARANTINE_LIMIT",
        "0.01",
        "share of a month's rows that may be quarantined before its check fails",
        group=Group.LOADING,
    )
    vanish_limit = Share(
        "CLEARGRID_VANISH_LIMIT",
        "0.20",
        "share of a month's rows that a re-read may remove before it is refused",
        group=Group.LOADING,
    )

    start_month = Month(
        "CLEARGRID_START_MONTH", "2024-01", "the first month to load", group=Group.MEANING, is_essential=True
    )
    timezone = Zone(
        "CLEARGRID_TIMEZONE",
        "UTC",
        "IANA name of the zone of month borders, local dates and hours, and the schedules' clock; "
        "once months are loaded, `cleargrid rezone` changes it",
        group=Group.MEANING,
        is_essential=True,
    )
    outcomes = OptionalPath(
        "CLEARGRID_OUTCOMES",
        None,
        "your own outcome map, a CSV whose rows override the shipped ones",
        group=Group.MEANING,
    )
    marts = OptionalPath(
        "CLEARGRID_MARTS",
        None,
        "a folder with your own marts, one `.sql` file each (`docs/marts.md`)",
        group=Group.MEANING,
    )
    row_scope = Choice(
        "CLEARGRID_ROW_SCOPE",
        "active",
        ("active", "all"),
        "`active` or `all`: the rows that headline counts use",
        group=Group.MEANING,
    )
    targets = OptionalPath(
        "CLEARGRID_TARGETS",
        None,
        "your own targets, a CSV with the columns `metric`, `target` (a share, such as `0.35`) and, if you like, "
        "`channel`; the report shows them beside the rates",
        group=Group.MEANING,
    )
    ptp_maturity_days = Integer(
        "CLEARGRID_PTP_MATURITY_DAYS",
        30,
        0,
        3650,
        "age in days from which a promise counts as mature",
        group=Group.MEANING,
    )

    warehouse = WarehouseAddress(
        "CLEARGRID_WAREHOUSE",
        lambda settings: f"data/{settings.environment}.duckdb",
        "a DuckDB file, or the address of a lake such as `ducklake:postgres:host=db dbname=lake` (`docs/scaling.md`)",
        group=Group.STORAGE,
        default_note="data/<environment>.duckdb",
    )
    lake_data = LakeData(
        "CLEARGRID_LAKE_DATA",
        None,
        "where a new lake keeps its Parquet files: a folder that all hosts share, or `s3://bucket/prefix`",
        group=Group.STORAGE,
    )
    lake_keep_days = Integer(
        "CLEARGRID_LAKE_KEEP_DAYS",
        30,
        1,
        3650,
        "days for which a lake keeps snapshots and replaced files",
        group=Group.STORAGE,
    )
    duckdb_extensions = OptionalPath(
        "CLEARGRID_DUCKDB_EXTENSIONS",
        None,
        "the folder of DuckDB's extensions, which a lake needs",
        group=Group.STORAGE,
        default_note="their installed wheels",
    )
    duckdb_memory_mb = Integer(
        "CLEARGRID_DUCKDB_MEMORY_MB",
        256,
        64,
        1_000_000,
        "megabytes that DuckDB may hold in memory before it spills to disk; Python's memory for a month comes on top",
        group=Group.STORAGE,
    )
    report_keep_days = Integer(
        "CLEARGRID_REPORT_KEEP_DAYS",
        30,
        1,
        3650,
        "days for which the pages of earlier reports are kept; `latest.html` always stays",
        group=Group.STORAGE,
    )
    ui_url = Link(
        "CLEARGRID_UI_URL",
        None,
        "the address of the Dagster UI, used for links in alerts; `cleargrid dev` sets its own",
        group=Group.STORAGE,
    )
    alert_webhook = AlertAddress(
        "CLEARGRID_ALERT_WEBHOOK",
        None,
        "a Slack-compatible webhook, HTTPS, that receives failed runs and checks; or an address of apprise, such as "
        "`mailto://`, with the extra `alerts`; a secret",
        group=Group.STORAGE,
        is_secret=True,
    )


SETTINGS: tuple[Setting[Any], ...] = tuple(
    member for member in vars(Declarations).values() if isinstance(member, Setting)
)
