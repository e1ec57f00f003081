"""A lender's targets are shares by metric and channel; a file that is none of that is one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cleargrid_assets.assets.reports.page.targets import read_targets
from cleargrid_assets.client.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_target_is_for_all_channels_unless_it_names_one(tmp_path: Path) -> None:
    file = tmp_path / "targets.csv"
    file.write_text("\ufeffmetric,target,channel\ncontact_rate,0.35,\ncontact_rate,0.4,CALL\n", encoding="utf-8")
    assert read_targets(file) == {("contact_rate", "(all)"): 0.35, ("contact_rate", "CALL"): 0.4}


def test_the_channel_may_be_left_out_and_so_may_the_file(tmp_path: Path) -> None:
    file = tmp_path / "targets.csv"
    file.write_text("metric,target,\nptp_per_rpc,1,\n", encoding="utf-8")
    assert read_targets(file) == {("ptp_per_rpc", "(all)"): 1.0}
    assert read_targets(None) == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"metric;target\ncontact_rate;0.3\n", "has no column metric and no column target"),
        (b"metric,target,chanel\ncontact_rate,0.3,CALL\n", "has a column 'chanel'; its columns are metric, "),
        (b"metric,target\ncontact_rate,0,35\n", "line 2: it has more fields than the first line; write"),
        (b"metric,target\ncontact,0.3\n", "line 2: 'contact' is not one of the metrics connect_rate, contact_rate"),
        (b"metric,target\nlog_lag_p50_s,0.3\n", "line 2: 'log_lag_p50_s' is not one of the metrics"),
        (b"metric,target\ncontact_rate,35%\n", "line 2: the target '35%' is not a share from 0 to 1, such as 0.35"),
        (b"metric,target\ncontact_rate,nan\n", "line 2: the target 'nan' is not a share from 0 to 1, such as 0.35"),
        (b"metric,target\ncontact_rate\n", "line 2: the target '' is not a share from 0 to 1, such as 0.35"),
        (b"metric,target\ncontact_rate,0.3\ncontact_rate,0.4\n", "line 3: contact_rate already has a target for (all)"),
        (b"metric,target\n\xff\xfe,0.3\n", "as CSV in UTF-8"),
    ],
)
def test_a_bad_file_is_one_sentence_that_names_the_line(tmp_path: Path, text: bytes, problem: str) -> None:
    file = tmp_path / "targets.csv"
    file.write_bytes(text)
    with pytest.raises(SettingsError, match="CLEARGRID_TARGETS") as raised:
        read_targets(file)
    assert problem in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"cannot read .*targets\.csv: No such file or directory$"):
        read_targets(tmp_path / "targets.csv")
