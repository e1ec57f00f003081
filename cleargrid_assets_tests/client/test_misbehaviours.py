"""Every misbehaviour: what can land lands exactly, what cannot ends clearly, soon, and with the request id."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from cleargrid_assets_tests.client.fast_client import client_of, load, rows_of
from cleargrid_assets_tests.client.misbehaving_server import PASSWORD, MisbehavingServer
from cleargrid_assets_tests.client.misbehaviours import ENDS, LANDS, Misbehaviour
from cleargrid_assets_tests.client.vendor_rows import truth

FAULTS_DOCUMENT = Path(__file__).parents[2] / "docs" / "faults.md"


def in_order(rows):
    return sorted(rows, key=lambda row: (row["communicated_at"], row["public_id"]))


def server_of(misbehaviour: Misbehaviour) -> MisbehavingServer:
    return MisbehavingServer(misbehaviour.play, misbehaviour.tokens())


@pytest.mark.parametrize("name", LANDS)
def test_what_can_land_lands_exactly(name):
    misbehaviour = LANDS[name]
    with server_of(misbehaviour) as server:
        client = client_of(server, **misbehaviour.client)
        fetched = load(client)
        assert in_order(rows_of(fetched)) == in_order(truth())
        assert_manners(server, client.concurrency, hides=misbehaviour.hides)


@pytest.mark.parametrize("name", ENDS)
def test_what_cannot_land_ends_in_the_right_error_with_the_request_id(name):
    misbehaviour = ENDS[name]
    with server_of(misbehaviour) as server:
        client = client_of(server, **misbehaviour.client)
        with pytest.raises(misbehaviour.ends_in) as caught:
            load(client, **misbehaviour.load)
        assert type(caught.value) is misbehaviour.ends_in
        assert_manners(server, client.concurrency, hides=misbehaviour.hides)
    said = str(caught.value)
    assert ("(request id req-" in said) == misbehaviour.names_request
    for secret in ("planted", PASSWORD):
        assert secret not in said + repr(caught.value)


def test_the_documented_table_names_every_misbehaviour_and_no_other():
    documented = re.findall(r"test_misbehaviours\.py::(\w+)\[([\w-]+)\]", FAULTS_DOCUMENT.read_text())
    lands = [(test_what_can_land_lands_exactly.__name__, name) for name in LANDS]
    ends = [(test_what_cannot_land_ends_in_the_right_error_with_the_request_id.__name__, name) for name in ENDS]
    assert sorted(documented) == sorted(lands + ends)


def assert_manners(server, concurrency, *, hides):
    """What holds whatever the server does."""
    for asked in server.asked:
        assert {"since", "until"} <= asked.params.keys()
        assert "planted" not in asked.target
    if server.asked and not hides:
        assert server.peak_in_flight <= concurrency
    too_slow = Counter(
        asked.question for asked in server.asked if asked.status in (504, None) and is_slow(asked, hides)
    )
    assert not [question for question, times in too_slow.items() if times > 1]


def is_slow(asked, hides):
    return asked.status == 504 or hides
