"""One request: where it may go, how long it may take, what it gives away."""

from __future__ import annotations

import socket
import tracemalloc

import pytest
import requests

from cleargrid_assets.client import (
    D23,
    ClearGridClient,
    ClearGridError,
    RequestRefusedError,
    SettingsError,
    UnexpectedAnswerError,
)
from cleargrid_assets.client.deadlines import INITIAL_TIMEOUT_SECONDS, MIN_TIMEOUT_SECONDS, AdaptiveTimeout
from cleargrid_assets.client.response import MAX_BODY_BYTES, ConnectionBrokenError, RequestTimeoutError
from cleargrid_assets.client.transport import Transport
from cleargrid_assets.client.url_validation import validate_base_url
from cleargrid_assets_tests.client.clients import WINDOW, client_of
from cleargrid_assets_tests.client.fault_server import FaultServer
from cleargrid_assets_tests.client.faulty_responses import (
    bomb,
    cut,
    cut_chunked,
    dripping,
    dripping_headers,
    endless_chunks,
    headers_then_silence,
    right,
    status,
)


@pytest.mark.parametrize(
    "url", ["https://v3-api.cleargrid.ai", "http://127.0.0.1:8123", "http://localhost:1", "http://[::1]:8123"]
)
def test_https_and_plain_http_to_this_machine_are_allowed(url):
    assert validate_base_url(url + "/") == url


@pytest.mark.parametrize(
    "url",
    [
        "http://v3-api.cleargrid.ai",
        "http://127.0.0.1.example.com",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "v3-api.cleargrid.ai",
        "https://",
        "",
    ],
)
def test_any_other_address_is_refused_before_anything_is_sent(url):
    with pytest.raises(SettingsError, match="HTTPS only"):
        ClearGridClient(url, "lender", "email", "password")


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/", "/admin/v3", "/admin/v3/exports/S4/D23", "/admin/auth/my-lender"]
)
def test_an_address_with_a_path_that_the_client_adds_is_refused(path):
    with pytest.raises(SettingsError, match=f"leave out '{path}'"):
        ClearGridClient(f"https://v3-api.cleargrid.ai{path}", "lender", "email", "password")


@pytest.mark.parametrize("path", ["/cleargrid", "/admin-proxy", "/admin/cleargrid"])
def test_an_address_with_a_path_of_its_own_is_allowed(path):
    assert validate_base_url(f"https://proxy.example.com{path}") == f"https://proxy.example.com{path}"


@pytest.mark.parametrize("url", ["https://robot:planted@v3-api.cleargrid.ai", "robot:planted@v3-api.cleargrid.ai"])
def test_an_address_with_a_password_is_refused_without_repeating_it(url):
    with pytest.raises(SettingsError) as caught:
        ClearGridClient(url, "lender", "email", "password")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://[planted",
        "https://v3-api.cleargrid.ai:99999",
        "https://v3-api.cleargrid.ai:http",
        "https://v3-api.cleargrid.ai?key=planted",
        "https://v3-api.cleargrid.ai#planted",
        "https://v3-api.cleargrid .ai",
    ],
)
def test_what_is_no_address_is_a_setting_to_correct_and_no_crash(url):
    with pytest.raises(SettingsError, match="not a valid URL") as caught:
        ClearGridClient(url, "lender", "email", "password")
    assert "planted" not in str(caught.value)


@pytest.mark.parametrize("play", [dripping, dripping_headers, headers_then_silence])
def test_an_answer_that_drips_or_stops_is_given_up_at_its_deadline(play):
    with FaultServer(play) as server:
        client_of(server).log_in()
        with pytest.raises(RequestTimeoutError):
            send(server, seconds=0.3)


@pytest.mark.parametrize("play", [cut, cut_chunked])
def test_a_body_that_is_cut_is_no_answer(play):
    with FaultServer(play) as server, pytest.raises(ConnectionBrokenError):
        send(server, seconds=2)


def send(server, seconds):
    token = server.log_in({"email": "robot@acme.invalid", "password": 'planted "pass/word" 7'})[1]["token"]
    params = {"since": "2026-05-01T00:00:00.000Z", "until": "2026-05-02T00:00:00.000Z"}
    path = "/admin/v3/lenders/11111111-2222-4333-8444-555555555555/exports/S4/D23"
    headers = {"Authorization": f"Bearer {token}"}
    return Transport(server.base_url, 30).send("GET", path, params=params, headers=headers, seconds=seconds)


def test_a_closed_port_is_a_broken_connection():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ConnectionBrokenError):
        Transport(f"http://127.0.0.1:{port}", 5).send("GET", "/", seconds=5)


def test_a_redirect_is_not_followed_so_no_token_goes_elsewhere():
    with FaultServer(right) as elsewhere, FaultServer(status(307, Location=elsewhere.base_url)) as server:
        with pytest.raises(RequestRefusedError, match="HTTP 307"):
            list(client_of(server).rows(D23, WINDOW))
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    "location",
    [
        "http://[",
        "https://host:port/",
        "//",
        "ht!tp://\xff\xfe/",
        "\xff\xfe\x00",
        "",
        "http://127.0.0.1:9/" + "x" * 9_000,
        "http://user:planted@example.com/",
    ],
)
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_to_nowhere_is_explained_like_any_other(code, location):
    def play(request):
        request.raw(f"HTTP/1.1 {code} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode("latin-1"))

    with FaultServer(play) as server:
        with pytest.raises(RequestRefusedError, match=f"HTTP {code}, a redirect") as caught:
            client_of(server).count(D23, WINDOW)
        assert len(server.requests) == 1
    assert "planted" not in str(caught.value)


def test_the_body_of_a_redirect_is_capped_too():
    with FaultServer(bomb(302, Location="http://127.0.0.1:9/")) as server, pytest.raises(UnexpectedAnswerError):
        client_of(server, timeout_seconds=10).count(D23, WINDOW)


@pytest.mark.parametrize("code", [200, 400, 401, 403, 429, 500, 503, 504])
def test_a_body_that_is_too_large_ends_clearly_whatever_the_status_is(code):
    with FaultServer(bomb(code)) as server:
        with pytest.raises(UnexpectedAnswerError, match="64 MiB") as caught:
            client_of(server, timeout_seconds=10).count(D23, WINDOW)
        assert len(server.requests) == 1
    assert (caught.value.status, caught.value.request_id) == (code, "req-1")


def test_a_body_without_end_is_given_up_at_its_limit_and_not_at_its_deadline():
    with FaultServer(endless_chunks) as server, pytest.raises(UnexpectedAnswerError, match="64 MiB"):
        client_of(server, timeout_seconds=60).count(D23, WINDOW)


def test_a_body_of_a_quarter_of_a_gigabyte_takes_hardly_more_memory_than_the_limit():
    with FaultServer(bomb(200, mebibytes=256)) as server:
        client = client_of(server, timeout_seconds=60)
        client.log_in()
        tracemalloc.start()
        try:
            with pytest.raises(ClearGridError, match="64 MiB"):
                client.count(D23, WINDOW)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 1.5 * MAX_BODY_BYTES


def test_a_body_just_within_the_limit_is_read_whole():
    content = b" " * MAX_BODY_BYTES
    with FaultServer(lambda request: request.send(200, content)) as server:
        assert send(server, seconds=30).body == content


def test_no_proxy_stands_before_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with FaultServer(right) as server:
        assert client_of(server).count(D23, WINDOW).exact


@pytest.fixture
def sent(monkeypatch):
    """The requests that would leave this machine, with the adapter's settings; none of them does."""
    requests_sent = []

    def send(_adapter, request, **settings):
        requests_sent.append((request, settings))
        raise requests.ConnectionError

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return requests_sent


def send_to_cleargrid():
    with pytest.raises(ConnectionBrokenError):
        Transport("https://v3-api.cleargrid.ai", 30).send(
            "GET", "/", headers={"Authorization": "Bearer ours"}, seconds=5
        )


def test_a_netrc_file_does_not_replace_the_token(monkeypatch, tmp_path, sent):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine v3-api.cleargrid.ai login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    send_to_cleargrid()
    ((request, _),) = sent
    assert request.headers["Authorization"] == "Bearer ours"


def test_the_proxy_and_the_certificates_of_the_environment_are_used(monkeypatch, tmp_path, sent):
    certificates = tmp_path / "certificates.pem"
    certificates.touch()
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates))
    send_to_cleargrid()
    ((_, settings),) = sent
    assert settings["proxies"]["https"] == "http://proxy.example:3128"
    assert settings["verify"] == str(certificates)


def test_every_request_names_this_program_and_accepts_compressed_json(sent):
    send_to_cleargrid()
    ((request, _),) = sent
    assert request.headers["User-Agent"].startswith("cleargrid-assets/")
    assert "gzip" in request.headers["Accept-Encoding"]
    assert request.headers["Accept"] == "application/json"


def test_before_the_first_page_a_request_has_ten_seconds():
    assert AdaptiveTimeout().seconds(0) == INITIAL_TIMEOUT_SECONDS


@pytest.mark.parametrize(
    ("response_seconds", "timeout_seconds"), [(0.01, MIN_TIMEOUT_SECONDS), (1.0, 8.0), (4.0, 32.0)]
)
def test_a_page_may_take_eight_times_what_pages_took_lately_and_five_seconds_at_least(
    response_seconds, timeout_seconds
):
    timeout = AdaptiveTimeout()
    timeout.record(response_seconds)
    timeout.record(0.001)
    assert timeout.seconds(0) == timeout_seconds


def test_a_slow_page_of_the_past_is_forgotten():
    timeout = AdaptiveTimeout()
    timeout.record(10)
    for _ in range(32):
        timeout.record(0.01)
    assert timeout.seconds(0) == MIN_TIMEOUT_SECONDS


def test_rows_that_were_slow_to_come_get_more_time():
    assert [AdaptiveTimeout().seconds(timeouts_so_far) for timeouts_so_far in range(4)] == [10, 20, 40, 80]


def test_pages_after_one_that_was_too_slow_at_any_size_get_twice_its_time():
    timeout = AdaptiveTimeout()
    timeout.record(0.01)
    timeout.record_timeout(20)
    assert timeout.seconds(0) == 40
