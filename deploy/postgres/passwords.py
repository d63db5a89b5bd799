"""Passwords of the local database: one for Culm, one for those who only read.

In: a path. Out: the file, as libpq reads it, with a password of chance for each account. Guards: readable by its owner alone from
its first byte; made once, as the database keeps what it was given.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from process.private_files import write_private

OWNER, READER = "culm", "culm_reader"


def made(path: Path) -> Mapping[str, str]:
    """Passwords by account; those in the file where it is there."""
    found = {account: of(path, account) for account in (OWNER, READER)}
    if all(found.values()):
        return found
    new = {account: secrets.token_urlsafe(24) for account in (OWNER, READER)}
    written(path, "".join(f"*:*:*:{account}:{password}\n" for account, password in new.items()))
    return new


def of(path: Path, account: str) -> str:
    """The password of an account; empty where there is none, as of a database that was made without."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ""
    rows = (line.split(":") for line in lines)
    return next((row[4] for row in rows if len(row) == 5 and row[3] == account), "")


def written(path: Path, content: str) -> Path:
    """A file that its owner alone can read."""
    write_private(path, content.encode())
    return path
