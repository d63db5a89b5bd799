"""Files of a job: which are shown in which state, and that no name leads anywhere else."""

import gzip
import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from api.http.errors import BadRequest, Gone
from api.native import log_archive
from api.native.job_files import files_of, place_of, state_of

LFN, SCOPE = "user.jdoe.1._000001.out.txt", "user.jdoe"
#: md5 of `user.jdoe:user.jdoe.1._000001.out.txt` begins so.
PLACE = "user/jdoe/da/1e"


def a_job(status: str = "finished", **more: Any) -> dict[str, Any]:
    output = {"lfn": LFN, "scope": SCOPE, "dataset": "out", "role": "OUTPUT", "endpoint": ""}
    return {"status": status, "spec": {"inputs": [], "outputs": [output]}, "outputs": []} | more


def reported(**more: Any) -> dict[str, Any]:
    stored = {"lfn": LFN, "scope": SCOPE, "dataset": "out", "role": "OUTPUT", "endpoint": "LOCAL_DISK", "size_bytes": 6}
    return stored | {"checksum": "ad:084b021f"} | more


def stored_in(folder: Path, content: bytes) -> None:
    (folder / PLACE).mkdir(parents=True)
    (folder / PLACE / LFN).write_bytes(content)


@pytest.mark.parametrize(("status", "state"), [("running", "to come"), ("finished", "not made"), ("failed", "not made")])
def test_a_file_without_a_report_is_to_come_until_the_job_ends(status: str, state: str, tmp_path: Path) -> None:
    job = a_job(status)

    assert [state_of(one, job, {"LOCAL_DISK": tmp_path}) for one in files_of(job)] == [state]


@pytest.mark.parametrize(("content", "state"), [(b"hello\n", "stored"), (b"hello and more\n", "altered"), (None, "gone")])
def test_a_reported_file_is_looked_for_where_it_should_be(content: bytes | None, state: str, tmp_path: Path) -> None:
    job = a_job(outputs=[reported()])
    if content is not None:
        stored_in(tmp_path, content)

    assert [state_of(one, job, {"LOCAL_DISK": tmp_path}) for one in files_of(job)] == [state]


def test_a_file_at_a_storage_element_out_of_reach_is_elsewhere(tmp_path: Path) -> None:
    job = a_job(outputs=[reported(endpoint="CERN_DISK")])

    assert [state_of(one, job, {"LOCAL_DISK": tmp_path}) for one in files_of(job)] == ["elsewhere"]


@pytest.mark.parametrize(
    ("scope", "lfn"),
    [("user.jdoe", "../../x"), ("user.jdoe", ".."), ("user/../..", "x"), ("user.jdoe", ""), ("a\0b", "x"), ("/etc", "x"),
     ("user..jdoe", "x"), (".user.jdoe", "x"), ("", "x")],
)
def test_no_name_leads_out_of_the_storage(scope: str, lfn: str, tmp_path: Path) -> None:
    assert place_of({"LOCAL_DISK": tmp_path}, reported(scope=scope, lfn=lfn)) is None


def test_a_link_that_leads_out_of_the_storage_is_not_followed(tmp_path: Path) -> None:
    storage, outside = tmp_path / "storage", tmp_path / "secret"
    outside.write_text("secret")
    (storage / PLACE).mkdir(parents=True)
    (storage / PLACE / LFN).symlink_to(outside)

    assert place_of({"LOCAL_DISK": storage}, reported()) is None


def an_archive(folder: Path, **files: bytes) -> Path:
    path = folder / "log.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"tarball_PandaJob_1/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_the_files_of_a_log_archive_are_listed_and_the_end_of_one_is_read(tmp_path: Path) -> None:
    path = an_archive(tmp_path, pilotlog=b"first\nlast\n", payload=b"")

    assert log_archive.members(path) == [{"name": "payload", "size_bytes": 0}, {"name": "pilotlog", "size_bytes": 11}]
    assert log_archive.tail(path, "pilotlog", 5) == b"last\n"
    assert log_archive.tail(path, "nosuch", 5) is None


def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_archive, "UNPACKED_BYTES_MAX", 100_000)
    path = an_archive(tmp_path, a=bytes(1_000_000), b=b"")

    with pytest.raises(BadRequest, match="unpacks to more than 100,000 bytes; download it"):
        log_archive.tail(path, "b", 10)


@pytest.mark.parametrize(
    "content", [b"no archive", gzip.compress(b"no tar" * 200, mtime=0), gzip.compress(bytes(2000), mtime=0)[:15]]
)
def test_what_is_no_archive_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log.tgz"
    path.write_bytes(content)

    with pytest.raises(Gone, match="the log archive cannot be read"):
        log_archive.members(path)


def test_a_file_of_two_datasets_is_shown_in_both_though_it_is_reported_once() -> None:
    job = a_job(outputs=[reported(dataset="copy")])
    job["spec"]["outputs"].append(job["spec"]["outputs"][0] | {"dataset": "copy"})

    shown = [(one["dataset"], one["size_bytes"], one["reported"]) for one in files_of(job)]
    assert shown == [("out", 6, True), ("copy", 6, True)]
