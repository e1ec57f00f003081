"""The client in a notebook: importable on its own, rows in a loop, nothing secret to see."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from cleargrid_assets.client import D23, ClearGridClient, ClearGridError, Counters, Window, fetch_windows
from cleargrid_assets.client.redaction import Redactor
from cleargrid_assets.emulator import Emulator
from cleargrid_assets_tests.client.clients import QUICK, WINDOW, client_of, load
from cleargrid_assets_tests.client.fault_cases import ENDS
from cleargrid_assets_tests.client.fault_server import EMAIL, LENDER, PASSWORD, FaultServer, Tokens
from cleargrid_assets_tests.client.faulty_responses import every, right, status
from cleargrid_assets_tests.client.vendor_rows import truth


def test_the_earlier_name_of_fetch_works_for_a_release():
    with FaultServer(right) as server:
        client = client_of(server)
        result = fetch_windows(client, D23, [WINDOW], lambda rows, _window: rows)
    assert result.rows_received == len(truth())


def test_counters_that_are_handed_in_count_all_requests_of_a_load():
    counters = Counters()
    with FaultServer(right) as server:
        client = client_of(server)
        client.count(D23, WINDOW, counters)
        result = client.fetch(D23, WINDOW.split(2), lambda rows, _window: rows, counters=counters)
        sent = len(server.requests)
    assert counters.requests == result.statistics.requests == sent


def test_for_row_in_client_rows_reads_a_window_in_order():
    with FaultServer(right) as server:
        assert list(client_of(server).rows(D23, WINDOW)) == truth()


def test_rows_are_in_order_and_once_each_when_the_server_is_too_slow_for_the_window():
    with FaultServer(every(3, status(504))) as server:
        assert list(client_of(server).rows(D23, WINDOW)) == truth()


def test_pages_are_lists_as_received_some_of_them_empty():
    with FaultServer(right) as server:
        pages = list(client_of(server, page_size=2).pages(D23, Window(WINDOW.since, WINDOW.since.replace(hour=4))))
    assert [] in pages
    assert {len(page) for page in pages} == {0, 1, 2}


def test_rows_of_the_emulator_are_those_it_generates():
    with Emulator(now=WINDOW.until) as emulator:
        account = emulator.credentials
        client = ClearGridClient(emulator.base_url, account.lender, account.email, account.password)
        assert list(client.rows(D23, WINDOW)) == emulator.manual_logs.rows(WINDOW.since, WINDOW.until, WINDOW.until)


def test_a_count_is_cleargrids_own_and_says_whether_it_is_exact():
    with FaultServer(right) as server:
        total = client_of(server).count(D23, WINDOW)
    assert (total.total, total.exact, total.note) == (len(truth()), True, None)


def test_nothing_is_sent_before_the_first_request():
    with FaultServer(right) as server:
        client_of(server)
        assert server.logins == 0


@pytest.mark.parametrize(("configured", "used"), [(0, 1), (1, 1), (5000, 1000)])
def test_a_page_size_outside_1_to_1000_is_brought_inside(configured, used):
    with FaultServer(right) as server:
        list(client_of(server, page_size=configured).rows(D23, Window(WINDOW.since, WINDOW.since.replace(minute=20))))
        assert {request.params["limit"] for request in server.requests} == {str(used)}


def test_the_client_needs_neither_dagster_nor_pandas_nor_duckdb():
    show = "print(*{'dagster', 'pandas', 'duckdb', 'pyarrow'} & set(sys.modules))"
    code = f"import sys; from cleargrid_assets.client import *; {show}"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert process.stdout.strip() == ""


def test_no_secret_is_in_any_repr():
    with FaultServer(right) as server:
        client = client_of(server)
        client.log_in()
        token = client._requester._auth._token  # noqa: SLF001 # what a debugger would show
        text = repr([client, vars(client), token])
    assert "planted" not in text


@pytest.mark.parametrize("name", [name for name, how in ENDS.items() if how.has_request_id and "empty" not in name])
def test_no_secret_reaches_a_log_or_an_error_even_when_the_server_says_it(name, caplog):
    caplog.set_level(logging.DEBUG)
    case = ENDS[name]
    server = FaultServer(case.play, case.tokens())
    with server, pytest.raises(ClearGridError) as caught:
        load(client_of(server), **case.load)
    output = [caught.value.args, vars(caught.value), caplog.text, [record.args for record in caplog.records]]
    assert "planted" not in repr(output)
    assert PASSWORD not in repr(output)


def test_a_token_in_a_request_id_is_masked_too():
    def play(request):
        token = request.handler.headers["Authorization"].removeprefix("Bearer ")
        request.send(403, {"success": False, "message": "no", "requestId": f"id-{token}"})

    with FaultServer(play) as server, pytest.raises(ClearGridError, match=r"request id id-\*\*\*") as caught:
        client_of(server).count(D23, WINDOW)
    assert "planted" not in repr(vars(caught.value))


def test_tokens_of_the_past_stay_masked():
    with FaultServer(right, Tokens(uses=1)) as server:
        client = client_of(server)
        list(client.rows(D23, Window(WINDOW.since, WINDOW.since.replace(hour=6))))
        tokens = [f"planted-token-1-{number}" for number in range(server.refreshes + 1)]
        assert len(tokens) > 2
        assert "planted" not in client._requester._redactor.clean(" ".join(tokens))  # noqa: SLF001 # the mask itself


@pytest.mark.parametrize(
    "echo",
    [
        'it was s3cr3t/"pä ss"!',
        "it was s3cr3t%2F%22p%C3%A4%20ss%22%21!",
        "it was s3cr3t%2F%22p%C3%A4+ss%22%21!",
        r"it was s3cr3t/\"p\u00e4 ss\"!",
        "Bearer abc.def-123",
    ],
)
def test_a_secret_is_masked_in_every_form_in_which_servers_echo_it(echo):
    redactor = Redactor()
    redactor.learn('s3cr3t/"pä ss"!')
    cleaned = redactor.clean(echo)
    assert "***" in cleaned
    assert not any(part in cleaned for part in ("s3cr3t", "abc.def"))


def test_a_servers_text_is_tamed_to_one_short_printable_line():
    cleaned = Redactor().clean("line\none\r\n\x1b[31mred\0" + "x" * 1000)
    assert cleaned.startswith("line one [31mred x")
    assert len(cleaned) == 300


def test_a_client_of_a_notebook_waits_no_longer_than_its_policy_says():
    with FaultServer(status(500)) as server:
        client = ClearGridClient(server.base_url, LENDER, EMAIL, PASSWORD, retry=QUICK)
        with pytest.raises(ClearGridError):
            list(client.rows(D23, WINDOW))
        assert len(server.requests) == QUICK.attempts
