"""Under whose account Postgres runs: it refuses root.

Everybody but root runs it as oneself. For root it becomes an unprivileged account; where that account cannot reach the
folders (a checkout under /root), a user namespace in which root goes by another number.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.errors import StackError

ACCOUNTS = ("postgres", "nobody")
NAMESPACE = ("unshare", "--user", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True)
class Account:
    """How to run a command as the database's account, and who owns its files."""

    prefix: tuple[str, ...]
    uid: int
    gid: int


def database_account(binaries: Path, data: Path) -> Account:
    """The account for `data`, an existing folder. Raises StackError when root finds no way."""
    if os.geteuid() != 0:
        return Account((), os.geteuid(), os.getegid())
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        drop = ("setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--inh-caps=-all")
        if _reaches(drop, binaries, data):
            return Account(drop, entry.pw_uid, entry.pw_gid)
    if _reaches(NAMESPACE, binaries, data):
        return Account(NAMESPACE, 0, os.getegid())
    raise StackError(
        f"Postgres refuses to run as root, and no unprivileged account can enter {binaries} and {data}. "
        "Put the checkout where everybody may read it, start the stack as another user, or set CULM_POSTGRES."
    )


def hand_over(folder: Path, account: Account) -> None:
    """Make `account` the owner of `folder` and all below, if it is not yet."""
    if os.geteuid() != 0 or folder.stat().st_uid == account.uid:
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)


def _reaches(prefix: Sequence[str], binaries: Path, data: Path) -> bool:
    """True when a process behind `prefix` can run the server and look into the data folder's parent."""
    for words in ([str(binaries / "postgres"), "--version"], ["test", "-x", str(data.parent)]):
        try:
            done = subprocess.run([*prefix, *words], capture_output=True, check=False, timeout=30)
        except OSError:
            return False
        if done.returncode != 0:
            return False
    return True
