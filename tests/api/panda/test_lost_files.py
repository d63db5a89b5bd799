"""The search for lost output files: honest about what it found and about what it cannot do."""

import hashlib
from pathlib import Path
from urllib.parse import urlsplit

from api.panda import files
from api.panda.envelope import Reply
from tests.api.builders import an_identity, run
from tests.api.panda.builders import RecordingReadModels, a_call, a_task_row

FILE = {"dataset": "user.jdoe.t1_out.txt", "scope": "user.jdoe", "lfn": "out.txt"}


def searched(home: Path, *, dry_run: bool, user: str = "subject-jane") -> Reply:
    """The reply to a search for the one output of a task."""
    read_models = RecordingReadModels({"from task where": [a_task_row()], "from dataset_file": [FILE]})
    arguments = {"task_id": 10_000_001, "dry_run": dry_run}
    call = a_call(home, arguments, read_models=read_models, identity=an_identity(subject=user))
    reply: Reply = run(files.recover_lost_files(call))
    return reply


def store(home: Path) -> None:
    """Put the output where the local storage element keeps it."""
    digest = hashlib.md5(b"user.jdoe:out.txt", usedforsecurity=False).hexdigest()
    folder = home / "storage" / "user" / "jdoe" / digest[:2] / digest[2:4]
    folder.mkdir(parents=True)
    (folder / "out.txt").write_text("x")


def finding(home: Path, reply: Reply) -> str:
    """What the file behind the log's URL says."""
    name = urlsplit(str(reply.data["logFileURL"])).path.removeprefix("/cache/")
    return (home / "cache" / name).read_text()


def test_nothing_is_lost(tmp_path: Path) -> None:
    store(tmp_path)

    reply = searched(tmp_path, dry_run=False)

    assert (reply.success, reply.message) == (True, "0 of 1 output files are lost")
    assert finding(tmp_path, reply) == "task 10000001: 1 registered output files, 0 lost\n"


def test_a_dry_run_tells_what_is_lost(tmp_path: Path) -> None:
    reply = searched(tmp_path, dry_run=True)

    assert reply.success
    assert "lost user.jdoe.t1_out.txt user.jdoe:out.txt" in finding(tmp_path, reply)


def test_a_recovery_that_is_not_done_is_not_called_done(tmp_path: Path) -> None:
    reply = searched(tmp_path, dry_run=False)

    assert not reply.success
    assert reply.message.startswith("1 of 1 output files are lost; making them again is not offered yet")


def test_only_the_owner_may_search(tmp_path: Path) -> None:
    reply = searched(tmp_path, dry_run=True, user="subject-mallory")

    assert (reply.success, reply.message) == (False, "not the task owner or no production role")


def test_the_finding_has_a_name_that_cannot_be_guessed(tmp_path: Path) -> None:
    first, second = searched(tmp_path, dry_run=True), searched(tmp_path, dry_run=True)

    assert first.data["logFileURL"] != second.data["logFileURL"]
