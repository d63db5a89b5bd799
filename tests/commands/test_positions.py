"""What `culm positions` shows and would set, without a log."""

import threading
from pathlib import Path

import pytest

from commands.config import DeciderConfig
from commands.engine import positions
from commands.engine.positions import PositionStanding
from commands.engine.positions_command import run, table, told, wanted

TASKS, JOBS = "culm.task.commands.v1", "culm.job.commands.v1"
STANDINGS = (
    PositionStanding(TASKS, 0, None, 7, 5),
    PositionStanding(JOBS, 0, 3, 9, 9),
    PositionStanding(TASKS, 1, None, 0, 0),
)


def test_the_table_names_what_is_missing() -> None:
    assert table(STANDINGS) == [
        "shard  commands               position  end  decided, as the log says",
        "0      culm.task.commands.v1  none      7    5",
        "0      culm.job.commands.v1   3         9    9",
        "1      culm.task.commands.v1  none      0    0",
    ]


def test_only_what_is_missing_is_set_unless_all_is_asked_for() -> None:
    assert wanted(STANDINGS, every=False) == {(TASKS, 0): 5}
    assert wanted(STANDINGS, every=True) == {(TASKS, 0): 5, (JOBS, 0): 9}


def test_it_says_what_it_would_do_and_that_nothing_was_done() -> None:
    lines = told("culm-deciders", STANDINGS, {(TASKS, 0): 5}, done=False)

    assert lines == [
        "would set culm.task.commands.v1[0] to 5: at most 2 commands are decided from there on",
        "nothing was changed; add --yes, with every decider stopped or waiting for its positions",
    ]
    assert told("culm-deciders", STANDINGS, {}, done=True) == ["culm-deciders has every position; nothing is to be set"]


def test_servers_that_are_away_are_named_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "SECONDS_MAX", 1.0)
    config = DeciderConfig("127.0.0.1:1", "http://127.0.0.1:1/apis/ccompat/v7", tmp_path)
    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(run(config, ["show"])), daemon=True)

    thread.start()
    thread.join(60)

    assert ended == [2]
    said = capsys.readouterr().err
    assert "the log at 127.0.0.1:1 and its registry at http://127.0.0.1:1/apis/ccompat/v7 cannot be asked: " in said
