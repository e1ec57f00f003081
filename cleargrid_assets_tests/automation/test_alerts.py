"""An alert is delivered whole or not at all, and never contains a secret."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.alerts import AlertError, send_alert
from cleargrid_assets.client import SettingsError
from cleargrid_assets.settings import Settings
from cleargrid_assets_tests.webhook_receiver import TOKEN

if TYPE_CHECKING:
    from cleargrid_assets_tests.webhook_receiver import Receiver


@pytest.mark.parametrize("status", [302, 404])
def test_an_alert_that_is_not_accepted_is_an_error_without_the_webhooks_address(chat: Receiver, status: int) -> None:
    chat.status = status
    with pytest.raises(AlertError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": chat.url}), "hello")
    assert str(status) in str(raised.value)
    assert TOKEN not in repr(raised.value)
    assert raised.value.__cause__ is None


def test_an_alert_to_nobody_is_an_error_without_the_webhooks_address() -> None:
    with pytest.raises(AlertError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": f"http://127.0.0.1:9/{TOKEN}"}), "hello")
    assert TOKEN not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "address", [f"http://hooks.example.com/{TOKEN}", f"ftp://hooks/{TOKEN}", TOKEN, "https://", f"https://[{TOKEN}"]
)
def test_an_address_that_is_not_https_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": address}), "hello")
    assert "CLEARGRID_ALERT_WEBHOOK" in str(raised.value)
    assert TOKEN not in str(raised.value)


def test_secrets_and_markup_do_not_reach_the_chat(chat: Receiver) -> None:
    settings = Settings({"CLEARGRID_ALERT_WEBHOOK": chat.url, "CLEARGRID_PASSWORD": "hunter22"})
    send_alert(settings, f"the password hunter22 and the address {chat.url}")
    assert chat.texts == ["the password *** and the address ***"]


def test_personal_data_does_not_reach_the_chat_and_dates_ids_and_counts_do(chat: Receiver) -> None:
    settings = Settings({"CLEARGRID_ALERT_WEBHOOK": chat.url})
    kept = "month 2026-05-01, 417000000 rows, request id 5f0c2d1e-8a51-4f2b-9d3c-7f3e6a1b2c3d"
    send_alert(settings, f"Could not convert 'a.borrower@example.com' or +971501234567; {kept}")
    assert chat.texts == [f"Could not convert '***' or ***; {kept}"]


def test_another_kind_of_address_is_delivered_to_by_apprise_as_plain_text(chat: Receiver) -> None:
    settings = Settings({"CLEARGRID_ALERT_WEBHOOK": chat.apprise_url, "CLEARGRID_PASSWORD": "hunter22"})
    send_alert(settings, "*cleargrid_assets, staging: run failed* - month 2026-05\nhunter22 &amp; 3 rows")
    assert chat.texts == ["cleargrid_assets, staging: run failed - month 2026-05\n*** & 3 rows"]


def test_a_service_that_does_not_accept_an_alert_is_an_error_without_its_address(
    chat: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    chat.status = 500
    with pytest.raises(AlertError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": chat.apprise_url}), "hello")
    assert TOKEN not in repr(raised.value)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("address", [f"nothing://{TOKEN}", f"tgram://{TOKEN}/55"])
def test_an_address_that_apprise_does_not_know_is_refused_without_repeating_it(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(SettingsError) as raised:
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": address}), "hello")
    assert TOKEN not in str(raised.value)
    assert TOKEN not in caplog.text


def test_without_apprise_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, chat: Receiver) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(SettingsError, match=re.escape("pip install 'cleargrid-assets[alerts]'")):
        send_alert(Settings({"CLEARGRID_ALERT_WEBHOOK": chat.apprise_url}), "hello")
