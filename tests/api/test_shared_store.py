"""What APIs share: complete or not there, claimed once, old things forgotten, nothing else reached."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from api.shared.directory import DirectorySpace, DirectoryStore
from api.shared.store import SharedKind


def space_read(folder: Path, name: str) -> bytes | None:
    return DirectorySpace(folder).get(name)


def test_what_one_api_writes_another_reads(tmp_path: Path) -> None:
    DirectoryStore(tmp_path).space(SharedKind.IDEMPOTENCY_KEYS).put("k", b"first")
    DirectoryStore(tmp_path).space(SharedKind.IDEMPOTENCY_KEYS).put("k", b"second")

    assert DirectoryStore(tmp_path).space(SharedKind.IDEMPOTENCY_KEYS).get("k") == b"second"
    assert DirectoryStore(tmp_path).space(SharedKind.SANDBOXES).get("k") is None


def test_of_several_apis_that_claim_a_name_at_once_one_has_it(tmp_path: Path) -> None:
    names = [f"key-{number}" for number in range(200)]
    together = threading.Barrier(4)

    def claim_all(api: str) -> list[bytes]:
        space = DirectorySpace(tmp_path)
        together.wait(30)
        return [space.claim(name, api.encode()) for name in names]

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(claim_all, ("one", "two", "three", "four"))

    assert all(found == first for found in others)
    assert {space_read(tmp_path, name) for name in names} == set(first)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_what_is_older_is_forgotten(tmp_path: Path) -> None:
    space = DirectorySpace(tmp_path / "keys")
    assert space.forget(60) == 0
    space.put("old", b"x")
    space.put("new", b"x")
    os.utime(tmp_path / "keys" / "old", (1, 1))

    assert space.forget(60) == 1
    assert (space.get("old"), space.get("new")) == (None, b"x")
    assert space.claim("old", b"y") == b"y"


def test_a_file_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    space = DirectorySpace(tmp_path / "files")
    with space.incoming() as incoming:
        incoming.file.write(b"half")

    assert list((tmp_path / "files").iterdir()) == []
    assert space.open("half") is None


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../identity/key.pem", "a\0b"])
def test_no_name_leads_out_of_its_space(tmp_path: Path, name: str) -> None:
    space = DirectorySpace(tmp_path)

    for use in (space.get, space.touch, space.open, space.age_seconds):
        with pytest.raises(ValueError, match="no plain file name"):
            use(name)
    with pytest.raises(ValueError, match="no plain file name"):
        space.claim(name, b"x")


def test_keys_that_sign_are_of_no_kind_that_is_shared() -> None:
    folders = {kind.value.split("/")[0] for kind in SharedKind}

    assert folders.isdisjoint({"identity", "notary", "tokens"})


def test_what_another_api_takes_away_while_old_documents_are_forgotten_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = DirectorySpace(tmp_path)
    for name in ("a", "b"):
        space.put(name, b"old")
        os.utime(tmp_path / name, (0, 0))
    scandir = os.scandir

    @contextmanager
    def with_a_gap(folder: Path) -> Iterator[list[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            seen = sorted(entries, key=lambda entry: entry.name)
        (tmp_path / "a").unlink()
        yield seen

    monkeypatch.setattr(os, "scandir", with_a_gap)

    assert space.forget(60) == 1
    assert not (tmp_path / "b").exists()
