"""Tokens: fetched once, shared by all threads, renewed without a stampede."""

from __future__ import annotations

import socket
import threading

import pytest

from cleargrid_assets.client import (
    D23,
    AccessDeniedError,
    ClearGridClient,
    LoginRejectedError,
    ServerFaultError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cleargrid_assets.client.response import MAX_BODY_BYTES
from cleargrid_assets_tests.client.clients import QUICK, WINDOW, client_of, load, rows_of
from cleargrid_assets_tests.client.fault_server import EMAIL, LENDER, PASSWORD, FaultServer, Tokens
from cleargrid_assets_tests.client.faulty_responses import right, status
from cleargrid_assets_tests.client.vendor_rows import truth


def test_one_login_serves_a_whole_load_of_eight_workers():
    with FaultServer(right) as server:
        load(client_of(server, concurrency=8))
        assert (server.logins, server.refreshes) == (1, 0)


def test_dying_tokens_are_renewed_once_each_however_many_workers_share_them():
    with FaultServer(right, Tokens(uses=3)) as server:
        fetched = load(client_of(server, concurrency=8))
        assert len(rows_of(fetched)) == len(truth())
        successes = sum(record.status == 200 for record in server.requests)
        assert server.logins == 1
        assert server.refreshes <= successes / 3 + 1


def test_with_refresh_refused_each_dead_token_costs_one_login_and_not_one_per_worker():
    with FaultServer(right, Tokens(uses=3, refuses_refresh=True)) as server:
        load(client_of(server, concurrency=8))
        successes = sum(record.status == 200 for record in server.requests)
        assert server.logins <= successes / 3 + 1


def test_a_401_is_renewed_once_then_logged_in_once_then_final():
    with FaultServer(status(401)) as server:
        with pytest.raises(AccessDeniedError):
            list(client_of(server).rows(D23, WINDOW))
        assert (server.logins, server.refreshes, len(server.requests)) == (2, 1, 3)


def test_an_inactive_lender_is_not_knocked_at_by_every_worker():
    with FaultServer(status(401)) as server:
        with pytest.raises(AccessDeniedError, match="HTTP 401"):
            load(client_of(server, concurrency=8))
        assert server.logins == 2


@pytest.mark.parametrize(("refusal", "attempts"), [(400, 1), (401, 1), (403, 1), (404, 1), (500, 3)])
def test_a_refused_login_is_not_tried_more_often_than_it_must(refusal, attempts):
    with FaultServer(right, Tokens(login_refusals=[refusal] * 50)) as server:
        with pytest.raises(LoginRejectedError) as caught:
            load(client_of(server))
        assert server.logins == attempts
        assert caught.value.request_id == "req-login"
        assert server.requests == []


def test_a_rejection_is_remembered_so_that_no_further_request_can_lock_the_account():
    with FaultServer(right, Tokens(login_refusals=[401] * 50)) as server:
        client = client_of(server)
        for _ in range(3):
            with pytest.raises(LoginRejectedError):
                client.count(D23, WINDOW)
        assert server.logins == 1


def test_a_500_to_a_later_login_is_a_failing_server_and_not_a_wrong_password():
    tokens = Tokens(uses=2, refuses_refresh=True)
    with FaultServer(right, tokens) as server:
        client = client_of(server)
        client.log_in()
        tokens.login_refusals += [500] * 50
        with pytest.raises(ServerFaultError):
            list(client.rows(D23, WINDOW))
        tokens.login_refusals[:] = [500] * 4
        assert len(list(client.rows(D23, WINDOW))) == len(truth())


def test_a_login_without_an_answer_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = ClearGridClient(address, LENDER, EMAIL, PASSWORD, timeout_seconds=0.2, retry=QUICK)
        with pytest.raises(UnreachableError, match="logging in as lender acme"):
            client.log_in()


def test_a_refresh_that_hangs_is_not_waited_for_again(monkeypatch):
    is_over = threading.Event()
    hung = []

    def hang(server, _body):
        hung.append(server.is_closing.wait(3) or is_over.is_set())
        return 401, {}

    monkeypatch.setattr(FaultServer, "refresh", hang)
    with FaultServer(right, Tokens(uses=3)) as server:
        rows = list(client_of(server, timeout_seconds=0.3).rows(D23, WINDOW))
        assert len(rows) == len(truth())
    assert len(hung) <= 1


def test_a_login_whose_answer_is_too_large_ends_clearly(monkeypatch):
    monkeypatch.setattr(FaultServer, "log_in", lambda *_args: (200, " " * (MAX_BODY_BYTES + 1)))
    with FaultServer(right) as server, pytest.raises(UnexpectedAnswerError, match=r"logging in .* 64 MiB"):
        client_of(server, timeout_seconds=10).log_in()


def test_a_renewal_whose_answer_is_too_large_is_followed_by_a_login(monkeypatch):
    monkeypatch.setattr(FaultServer, "refresh", lambda *_args: (200, " " * (MAX_BODY_BYTES + 1)))
    with FaultServer(right, Tokens(uses=20)) as server:
        assert len(list(client_of(server, timeout_seconds=10).rows(D23, WINDOW))) == len(truth())
        assert server.logins > 1


def test_credentials_go_into_the_body_and_the_token_into_the_header():
    headers = []

    def play(request):
        headers.append(request.handler.headers["Authorization"])
        request.right()

    with FaultServer(play) as server:
        client_of(server).count(D23, WINDOW)
        assert headers == ["Bearer planted-token-1-0"]
        assert not any(secret in server.requests[0].target for secret in ("planted", EMAIL, PASSWORD))
