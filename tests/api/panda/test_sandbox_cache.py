"""The sandbox cache: names, limits, what is never overwritten, what is found again."""

import asyncio
import contextlib
import gzip
import os
import struct
import time
from io import BytesIO
from pathlib import Path

import pytest

from api.panda.sandbox_cache import NotStored, SandboxCache, bytes_max_of, plain_name
from api.shared.directory import DirectorySpace
from api.shared.uploads import OpenUploads, TooManyUploads

MEGABYTE = 1024 * 1024


class Bytes:
    """An upload of bytes."""

    def __init__(self, content: bytes) -> None:
        self._stream = BytesIO(content)

    async def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        return self._stream.read(size)


def cache_in(folder: Path) -> SandboxCache:
    """A cache whose files are in `folder`."""
    usage = DirectorySpace(folder.with_name(f"{folder.name}.usage"))
    return SandboxCache(DirectorySpace(folder), DirectorySpace(folder / ".index"), usage)


def stored(cache: SandboxCache, name: str, content: bytes, owner: str = "jane") -> str:
    """The name under which `content` is kept."""
    return asyncio.run(cache.store(name, Bytes(content), owner))


def test_only_the_last_component_of_a_name_counts(tmp_path: Path) -> None:
    cache = cache_in(tmp_path / "cache")

    assert stored(cache, "/home/jane/f.txt", b"x") == "f.txt"
    assert stored(cache, "..\\..\\g.txt", b"y") == "g.txt"
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == [".index", "f.txt", "g.txt"]


@pytest.mark.parametrize(
    "name", ["", "/", "..", ".hidden", "_under", "-rf", "a\nb", "a\0b", "a b", "$(touch x)", "a;b", "a'b", "a" * 201]
)
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(NotStored, match=r"^ERROR: cannot write file"):
        plain_name(name)


def test_a_name_too_long_for_the_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotStored, match=r"^ERROR: cannot write file: .* is no file name"):
        stored(cache_in(tmp_path), "é" * 150, b"x")


def test_limits_depend_on_the_name() -> None:
    assert bytes_max_of("sources.1.tar.gz") == 768 * MEGABYTE
    assert bytes_max_of("jobO.1.tar.gz") == 10 * MEGABYTE
    assert bytes_max_of("pilot.out") == 100 * MEGABYTE


def test_too_large_a_file_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(NotStored, match=r"ERROR: upload failure. Exceeded size limit"):
        stored(cache_in(tmp_path / "cache"), "jobO.1.tar.gz", b"x" * (10 * MEGABYTE + 1))

    assert list((tmp_path / "cache").iterdir()) == []


def test_a_file_is_never_overwritten_but_kept_fresh(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    stored(cache, "f.txt", b"first")
    os.utime(tmp_path / "f.txt", (1, 1))

    with pytest.raises(NotStored, match=r"^ERROR: cannot overwrite file$"):
        stored(cache, "f.txt", b"second")

    assert (tmp_path / "f.txt").read_bytes() == b"first"
    assert (tmp_path / "f.txt").stat().st_mtime > 1


def test_of_two_uploads_at_once_the_first_to_end_wins(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)

    class Meanwhile(Bytes):
        async def read(self, size: int = -1, /) -> bytes:
            if not (tmp_path / "f.txt").exists():
                await cache.store("f.txt", Bytes(b"quick"), "jane")
            return await super().read(size)

    with pytest.raises(NotStored, match=r"cannot overwrite"):
        asyncio.run(cache.store("f.txt", Meanwhile(b"slow"), "jane"))

    assert (tmp_path / "f.txt").read_bytes() == b"quick"
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".upload")] == []


def test_a_name_may_ask_to_be_overwritten(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    stored(cache, "state.__ow__", b"first")

    stored(cache, "state.__ow__", b"second")

    assert (tmp_path / "state.__ow__").read_bytes() == b"second"


def test_what_one_user_may_overwrite_no_other_does(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    stored(cache, "state.__ow__", b"of jane", "jane")

    with pytest.raises(NotStored, match="cannot overwrite"):
        stored(cache, "state.__ow__", b"of mallory", "mallory")

    assert (tmp_path / "state.__ow__").read_bytes() == b"of jane"


def test_the_same_content_is_found_for_its_owner_for_three_days(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    content = gzip.compress(b"sandbox")
    checksum = struct.unpack("<I", content[-8:-4])[0]
    stored(cache, "jobO.1.tar.gz", content)

    assert cache.find("jane", len(content), checksum) == "jobO.1.tar.gz"
    assert cache.find("mallory", len(content), checksum) is None
    assert cache.find("jane", len(content) + 1, checksum) is None
    entry = next((tmp_path / ".index").iterdir())
    os.utime(entry, (time.time() - 4 * 24 * 3600,) * 2)
    assert cache.find("jane", len(content), checksum) is None


def test_a_file_that_is_gone_is_not_found(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    content = gzip.compress(b"sandbox")
    stored(cache, "jobO.1.tar.gz", content)
    (tmp_path / "jobO.1.tar.gz").unlink()

    assert cache.find("jane", len(content), struct.unpack("<I", content[-8:-4])[0]) is None


def test_a_cached_file_can_be_kept_fresh(tmp_path: Path) -> None:
    cache = cache_in(tmp_path)
    stored(cache, "f.txt", b"x")

    assert cache.touch("f.txt")
    assert not cache.touch("g.txt")


def test_one_user_uploads_a_bounded_number_of_files_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.panda.sandbox_cache.FILES_OF_A_DAY_MAX", 2)
    cache = cache_in(tmp_path / "cache")
    for name in ("a.txt", "b.txt"):
        cache.check_quota("jane")
        stored(cache, name, b"1234")

    with pytest.raises(NotStored) as raised:
        cache.check_quota("jane")

    assert str(raised.value) == (
        "ERROR: cannot write file: 2 files with 8 bytes were uploaded today, expected at most 2 files and 107,374,182,400 bytes"
    )
    cache.check_quota("bob")
    cache.check_quota("jane", time.time() + 24 * 3600)


def test_one_user_uploads_a_bounded_number_of_bytes_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.panda.sandbox_cache.BYTES_OF_A_DAY_MAX", 7)
    cache = cache_in(tmp_path / "cache")
    stored(cache, "a.txt", b"12345678")

    with pytest.raises(NotStored, match="1 files with 8 bytes were uploaded today"):
        cache.check_quota("jane")


def test_one_user_has_a_bounded_number_of_uploads_at_a_time() -> None:
    uploads = OpenUploads()

    with contextlib.ExitStack() as open_ones:
        for _ in range(8):
            open_ones.enter_context(uploads.turn("jane"))
        with pytest.raises(TooManyUploads, match="8 uploads are under way, expected fewer"), uploads.turn("jane"):
            pass
        with uploads.turn("bob"):
            pass

    with uploads.turn("jane"):
        assert dict(uploads.open) == {"jane": 1}


def test_what_no_job_has_fetched_for_three_months_is_deleted(tmp_path: Path) -> None:
    cache = cache_in(tmp_path / "cache")
    for name in ("old.tgz", "fetched.tgz"):
        stored(cache, name, b"x")
    for path in (tmp_path / "cache").glob("*.tgz"):
        os.utime(path, (time.time() - 91 * 24 * 3600,) * 2)
    assert cache.touch("fetched.tgz")

    gone = cache.forget_old()

    assert (gone, sorted(path.name for path in (tmp_path / "cache").glob("*.tgz"))) == (1, ["fetched.tgz"])
