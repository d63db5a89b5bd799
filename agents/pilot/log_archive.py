"""The log archive of a job: its directory without inputs and outputs, as one gzip tar."""

import tarfile
from pathlib import Path

FILE_BYTES_MAX = 100 * 1024 * 1024


def make_log_archive(folder: Path, target: Path, name: str, left_out: set[str]) -> None:
    """Pack `folder` under `name` into `target`; files over 100 MB and those in `left_out` stay out."""
    with tarfile.open(target, "w:gz", compresslevel=3) as archive:
        archive.add(folder, arcname=name, filter=lambda member: _kept(member, name, left_out))


def _kept(member: tarfile.TarInfo, name: str, left_out: set[str]) -> tarfile.TarInfo | None:
    inside = member.name.removeprefix(name).lstrip("/")
    if inside in left_out or member.size > FILE_BYTES_MAX or not (member.isfile() or member.isdir() or member.issym()):
        return None
    return member
