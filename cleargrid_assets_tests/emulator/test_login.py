"""Login, token refresh, and access control."""

from __future__ import annotations

import pytest


def assert_is_error(answer, status, message=None):
    assert answer.status_code == status
    envelope = answer.json()
    assert set(envelope) == {"success", "message", "requestId"}
    assert envelope["success"] is False
    assert envelope["requestId"]
    assert envelope["message"] == (message or envelope["message"])


def test_a_login_answers_bare_with_token_refresh_token_and_the_lenders_public_id(caller):
    answer = caller.log_in()
    assert answer.status_code == 200
    assert set(answer.json()) == {"token", "refreshToken", "lenderPublicId"}


def test_a_login_can_be_wrapped_in_the_success_envelope(call):
    caller = call()
    caller.emulator.accounts.wraps_answers = True
    envelope = caller.log_in().json()
    assert set(envelope) == {"code", "message", "errors", "body"}
    assert set(envelope["body"]) == {"token", "refreshToken", "lenderPublicId"}


@pytest.mark.parametrize(
    "wrong", [{"password": "wrong"}, {"email": "nobody@emulator.invalid"}, {"lender": "other"}, {"password": None}]
)
def test_wrong_credentials_are_answered_with_500_as_documented(caller, wrong):
    assert_is_error(caller.log_in(**wrong), 500)


def test_a_refresh_gives_a_token_that_is_accepted(caller):
    renewed = caller.refresh(refreshToken=caller.log_in().json()["refreshToken"])
    assert set(renewed.json()) == {"token"}
    assert caller.exports(headers={"Authorization": f"Bearer {renewed.json()['token']}"}).status_code == 200


def test_an_invalid_refresh_token_is_401_and_a_request_without_one_400(caller):
    assert_is_error(caller.refresh(refreshToken="made-up"), 401)
    assert_is_error(caller.refresh(), 400)


@pytest.mark.parametrize("malformed", [[], {}, 5, None])
def test_a_refresh_token_that_is_no_text_is_400(caller, malformed):
    assert_is_error(caller.refresh(refreshToken=malformed), 400)
    assert caller.emulator.requests[-1].status == 400


def test_a_refresh_token_is_refused_under_another_lenders_path(caller):
    assert_is_error(caller.refresh("other", refreshToken=caller.log_in().json()["refreshToken"]), 401)


def test_a_refused_refresh_is_401_with_a_valid_refresh_token_too(call):
    caller = call()
    token = caller.log_in().json()["refreshToken"]
    caller.emulator.accounts.refuses_refresh = True
    assert_is_error(caller.refresh(refreshToken=token), 401)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic dXNlcg=="}, {"Authorization": "Bearer"}])
def test_a_request_without_a_bearer_token_is_told_so(caller, headers):
    assert_is_error(caller.exports("/S4/D23", headers=headers), 401, "Access denied. No token provided.")


def test_a_made_up_token_is_401(caller):
    assert_is_error(caller.exports("/S4/D23", headers={"Authorization": "Bearer made-up"}), 401)


def test_a_token_expires_after_its_uses_and_stays_expired(call):
    caller = call(uses_per_token=2)
    statuses = [caller.exports().status_code for _ in range(4)]
    assert statuses == [200, 200, 401, 401]


def test_another_lenders_path_is_403(caller):
    assert_is_error(caller.exports("/S4/D23", lender="00000000-0000-4000-8000-000000000000"), 403)


@pytest.mark.parametrize("path", ["/S4", "/S9/D23", "/S4/D99", "/S4/D24", "/s4/d23"])
def test_an_unknown_path_and_a_dataset_that_is_unknown_or_unavailable_are_404(caller, path):
    assert_is_error(caller.exports(path), 404)


def test_the_catalog_lists_both_datasets_as_available_with_their_cursor_field(caller):
    d23, d21 = caller.exports().json()["body"]["datasets"]
    assert d23 == {"section": "S4", "dataset": "D23", "cursorField": "communicated_at", "available": True}
    assert d21 == {**d23, "dataset": "D21"}


def test_every_error_has_a_request_id_of_its_own(caller):
    ids = {caller.exports("/S9/D23").json()["requestId"] for _ in range(5)}
    assert len(ids) == 5


def test_no_token_is_kept_in_the_record_of_requests(caller):
    caller.d23(limit=1, since="2026-05-21T00:00:00Z")
    assert caller.token not in repr(caller.emulator.requests)
    assert caller.emulator.requests[-1].params["since"] == "2026-05-21T00:00:00Z"
