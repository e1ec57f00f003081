"""Every fault case: either all rows land exactly, or the load ends soon, with a clear error and the request id."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from cleargrid_assets_tests.client.clients import client_of, load, rows_of
from cleargrid_assets_tests.client.fault_cases import ENDS, LANDS, FaultCase
from cleargrid_assets_tests.client.fault_server import PASSWORD, FaultServer
from cleargrid_assets_tests.client.vendor_rows import truth

FAULTS_DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"


def in_order(rows):
    return sorted(rows, key=lambda row: (row["communicated_at"], row["public_id"]))


def server_of(case: FaultCase) -> FaultServer:
    return FaultServer(case.play, case.tokens())


@pytest.mark.parametrize("name", LANDS)
def test_what_can_land_lands_exactly(name):
    case = LANDS[name]
    with server_of(case) as server:
        client = client_of(server, **case.client)
        fetched = load(client)
        assert in_order(rows_of(fetched)) == in_order(truth())
        assert_manners(server, client.concurrency, hides_in_flight=case.hides_in_flight)


@pytest.mark.parametrize("name", ENDS)
def test_what_cannot_land_ends_in_the_right_error_with_the_request_id(name):
    case = ENDS[name]
    with server_of(case) as server:
        client = client_of(server, **case.client)
        with pytest.raises(case.error) as caught:
            load(client, **case.load)
        assert type(caught.value) is case.error
        assert_manners(server, client.concurrency, hides_in_flight=case.hides_in_flight)
    message = str(caught.value)
    assert ("(request id req-" in message) == case.has_request_id
    for secret in ("planted", PASSWORD):
        assert secret not in message + repr(caught.value)


def test_the_documented_table_names_every_fault_case_and_no_other():
    documented = re.findall(r"test_fault_cases\.py::(\w+)\[([\w-]+)\]", FAULTS_DOCUMENT.read_text())
    lands = [(test_what_can_land_lands_exactly.__name__, name) for name in LANDS]
    ends = [(test_what_cannot_land_ends_in_the_right_error_with_the_request_id.__name__, name) for name in ENDS]
    assert sorted(documented) == sorted(lands + ends)


def assert_manners(server, concurrency, *, hides_in_flight):
    """What holds for every fault."""
    for record in server.requests:
        assert {"since", "until"} <= record.params.keys()
        assert "planted" not in record.target
    if server.requests and not hides_in_flight:
        assert server.peak_in_flight <= concurrency
    too_slow = Counter(
        record.query for record in server.requests if record.status in (504, None) and is_slow(record, hides_in_flight)
    )
    assert not [query for query, times in too_slow.items() if times > 1]


def is_slow(record, hides_in_flight):
    return record.status == 504 or hides_in_flight
