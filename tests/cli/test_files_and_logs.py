"""`culm files`, `culm logs`, `culm describe`, `culm queue`: what comes is held against what was said, and shown as text."""

import json
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import describing, files, logs, queues, shares
from cli.files import fetch
from cli.logs import chosen_of
from cli.main import app
from cli.queues import configured
from cli.shown import cell, escape, printable, printable_lines
from deploy.errors import StepFailed

ROW = {"job": 7, "lfn": "out.txt", "state": "stored", "size_bytes": 5, "checksum": "ad:062c0215", "role": "output"}


class Api:
    """Answers paths with what was prepared; commands are kept."""

    def __init__(self, documents: Mapping[str, Any]) -> None:
        self._documents = documents
        self.commands: list[tuple[str, str, Any]] = []

    def get(self, path: str, **parameters: Any) -> Any:
        if path not in self._documents:
            raise StepFailed(f"nothing at {path}")
        return self._documents[path]

    def page(self, path: str, parameters: Mapping[str, Any]) -> tuple[Any, Mapping[str, str]]:
        return self.get(path), {}

    def text(self, path: str, **parameters: Any) -> str:
        return str(self.get(path))

    def lines(self, path: str, **parameters: Any) -> Any:
        yield from self.get(path)

    def command(self, name: str, key: str, body: Any) -> None:
        self.commands.append((name, key, body))

    @contextmanager
    def opened(self, path: str, parameters: Mapping[str, Any]) -> Any:
        yield SimpleNamespace(iter_bytes=lambda: iter([self.get(path)]))


def culm(monkeypatch: pytest.MonkeyPatch, api: Api, *words: str) -> tuple[int, str, str]:
    for module in (files, logs, describing, queues, shares):
        monkeypatch.setattr(module, "api_client", lambda _: api)
    done = CliRunner(env={"COLUMNS": "200"}).invoke(app, list(words))
    return done.exit_code, done.stdout, f"{done.stderr}{done.exception or ''}"


def test_a_file_is_fetched_and_held_against_size_and_checksum(tmp_path: Path) -> None:
    good, bad = Api({"/v1/jobs/7/files/out.txt": b"hello"}), Api({"/v1/jobs/7/files/out.txt": b"hellO"})

    altered = fetch(bad, ROW, tmp_path)  # type: ignore[arg-type]
    left = list(tmp_path.iterdir())
    fetched = fetch(good, ROW, tmp_path)  # type: ignore[arg-type]
    again = fetch(good, ROW, tmp_path)  # type: ignore[arg-type]

    assert altered == "not fetched: what came has another size or checksum than was reported"
    assert left == []
    assert (fetched, again, (tmp_path / "out.txt").read_bytes()) == ("fetched", "was there", b"hello")


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "out.txt").write_text("mine")

    told = fetch(Api({"/v1/jobs/7/files/out.txt": b"hello"}), ROW, tmp_path)  # type: ignore[arg-type]

    assert (told, (tmp_path / "out.txt").read_text()) == ("not fetched: another file of this name is there", "mine")


@pytest.mark.parametrize("lfn", ["..", ".", "", "../x", "/etc/passwd", "a\x1b[1m", "a\0b", "a\\b"])
def test_a_name_that_leads_elsewhere_is_not_fetched(tmp_path: Path, lfn: str) -> None:
    told = fetch(Api({}), {**ROW, "lfn": lfn}, tmp_path)  # type: ignore[arg-type]

    assert told == "not fetched: its name is no name of a file"
    assert list(tmp_path.iterdir()) == []


def test_files_of_a_task_are_those_of_its_finished_jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    log = {**ROW, "lfn": "log.tgz", "role": "log", "state": "elsewhere"}
    api = Api({
        "/jobs/": {"jobs": [{"pandaid": 7}]}, "/v1/jobs/7/files": {"files": [ROW, log]}, "/v1/jobs/7/files/out.txt": b"hello",
    })  # fmt: skip

    code, _, err = culm(monkeypatch, api, "files", "task", "1", "--download", "--to", str(tmp_path / "new"))
    listed = culm(monkeypatch, api, "files", "task", "1", "--role", "all", "--json")[1]

    assert (code, err.splitlines()[0]) == (0, f"1 of 1 files are in {tmp_path / 'new'}")
    assert (tmp_path / "new" / "out.txt").read_bytes() == b"hello"
    assert [row["lfn"] for row in json.loads(listed)] == ["out.txt", "log.tgz"]


def test_a_log_that_is_followed_shows_events_and_then_what_the_payload_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [
        json.dumps({"at": "t", "event_type": name, "summary": "s\x1b[1m"}) for name in ("JobSent", "JobFinished", "JobSent")
    ]
    api = Api({
        "/v1/events": events, "/v1/jobs/7/log": {"files": [{"name": "pilotlog.txt"}, {"name": "payload.stdout"}]},
        "/v1/jobs/7/log/payload.stdout": "hello\n",
    })  # fmt: skip

    code, out, err = culm(monkeypatch, api, "logs", "job", "7", "-f")

    assert (code, out) == (0, "hello\n")
    assert err.splitlines() == [
        "t  JobSent  s\\x1b[1m", "t  JobFinished  s\\x1b[1m", "job 7, payload.stdout",
    ]  # fmt: skip


def test_the_log_of_a_task_is_the_one_of_its_job_that_failed_last(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api({"/jobs/": {"jobs": [{"pandaid": 8}]}, "/v1/jobs/8/log": {"files": [{"name": "x", "size": 3}]}})

    assert culm(monkeypatch, api, "logs", "task", "1", "--list")[:2] == (0, "           3  x\n")
    assert "no job of task 1 has ended" in culm(monkeypatch, Api({"/jobs/": {"jobs": []}}), "logs", "task", "1")[2]


def test_an_empty_archive_is_said() -> None:
    assert chosen_of(["a", "d/payload.stderr"]) == "d/payload.stderr"
    with pytest.raises(StepFailed, match="holds no file"):
        chosen_of([])


def test_a_task_is_described_with_why(monkeypatch: pytest.MonkeyPatch) -> None:
    why = [{"says": "no queue has 64 GB", "change": "ask for 32 GB", "who": "you", "since": None}]
    task = {"task_id": 1, "name": "a\x1b[2Jb", "jobs": {"failed": 2}, "datasets": [{"name": "d", "role": "INPUT"}], "message": ""}
    api = Api({"/v1/tasks/1": task, "/v1/why/task/1": {"why": why}})

    code, out, err = culm(monkeypatch, api, "describe", "task", "1")

    assert code == 0, err
    assert out.splitlines() == [
        "task 1", "  task_id: 1", "  name: a\\x1b[2Jb", "  jobs.failed: 2", "datasets:", "name  role ", "d     INPUT",
        "why: no queue has 64 GB", "     ask for 32 GB (you)",
    ]  # fmt: skip
    assert json.loads(culm(monkeypatch, api, "describe", "tasks", "1", "--json")[1]) == {"task": task, "why": why}


def test_settings_of_a_queue_that_are_not_named_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api({"/v1/queues/A%2FB": {"settings": {"status": "ONLINE", "rss_mb_max": 2000, "site": "S"}}})

    code, out, _ = culm(monkeypatch, api, "queue", "set", "A/B", "rss_mb_max=4000", "site=T")
    culm(monkeypatch, api, "queue", "drain", "A/B")

    assert (code, out.splitlines()) == (0, ["A/B rss_mb_max: 2000 -> 4000", "A/B site: S -> T"])
    assert api.commands == [
        ("ConfigureQueue", "queue.A/B", {"settings": {"status": "ONLINE", "rss_mb_max": 4000, "site": "T"}}),
        ("ConfigureQueue", "queue.A/B", {"settings": {"status": "BROKEROFF", "rss_mb_max": 2000, "site": "S"}}),
    ]


def test_a_setting_that_there_is_not_is_named() -> None:
    api: Any = Api({"/v1/queues/A": {"settings": {"status": "ONLINE"}}})

    with pytest.raises(StepFailed, match="colour: no such setting; there are status"):
        configured(api, "A", {"colour": 1})


def test_shares_are_set_from_a_whole_tree(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file, api = tmp_path / "tree.json", Api({})
    file.write_text('{"shares": [{"name": "a", "percent": 100}]}')

    assert culm(monkeypatch, api, "share", "set", str(file))[:2] == (0, "1 shares are set\n")
    assert api.commands == [("SetShares", "shares", {"shares": [{"name": "a", "percent": 100}]})]
    file.write_text("[]")
    assert "a list called shares" in culm(monkeypatch, api, "share", "set", str(file))[2]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Zoë ✓", "Zoë ✓"), ("a\tb\n", "a\\tb\\n"), ("\x1b]0;t\x07", "\\x1b]0;t\\x07"), ("\x9b2J", "\\x9b2J"),
        ("\u202egpj.exe", "\\u202egpj.exe"), ("a\u200bb", "a\\u200bb"), ("\ud800", "\\ud800"), ("\U000e0041", "\\U000e0041"),
    ],
)  # fmt: skip
def test_what_is_not_printed_as_itself_is_an_escape(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert escape(f"[red]{text}") == f"\\[red]{shown}"


def test_lines_of_a_log_stay_lines() -> None:
    assert printable_lines("a\tb\r\n\x1b[1mc\n") == "a    b\n\\x1b[1mc\n"


def test_a_cell_is_short_and_says_none() -> None:
    assert (cell(None), cell(True), cell({"a": 1}), len(cell("x" * 999))) == ("-", "yes", '{"a": 1}', 160)
