"""How the local harvester keeps pilots away from what is not theirs: who each runs as, and what it does not see.

In: the stack's folder, the pilot's folder. Out: the beginning of the command that starts it. As root each pilot is a user of its
own; otherwise it is in a user namespace, with processes of its own. Guards: two pilots that live are never the same user.
"""

import os
import random
import struct
import subprocess
import sys
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agents.isolation import GROUP, USER_FIRST, USERS, Plan

PROBE_SECONDS = 20.0
SHARED_MODE = 0o2775
#: Of <linux/posix_acl_xattr.h>: version 2, then tag, permissions and no id for the owner, the group and others.
_WRITTEN_BY_GROUP = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, permissions, 0xFFFFFFFF) for tag, permissions in ((0x01, 7), (0x04, 7), (0x20, 5))
)


@dataclass(frozen=True, slots=True)
class PilotUser:
    """The numbers of user and group that a pilot runs as; None of both: the harvester's own."""

    user: int | None = None
    group: int | None = None


class PilotIsolation:
    """Of one harvester; `home` is hidden from its pilots but for their own folder and the storage."""

    def __init__(self, home: Path, outer_home: str) -> None:
        self._home, self._outer_home = home, Path(outer_home)

    def problem(self) -> str:
        """Why pilots cannot be isolated here; empty when they can."""
        folder = self._home / "work"
        folder.mkdir(parents=True, exist_ok=True)
        user = PilotUser(USER_FIRST + USERS, GROUP) if os.getuid() == 0 else PilotUser()
        try:
            done = subprocess.run(
                [*self.command(folder, user), sys.executable, "-c", "import agents.pilot.config"],
                capture_output=True,
                text=True,
                check=False,
                timeout=PROBE_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return type(problem).__name__
        return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1][:300]

    def prepare_storage(self) -> None:
        """Pilots are users of one group, which may write into the folders of the storage."""
        for name in ("storage", "storages"):
            folder = self._home / name
            folder.mkdir(exist_ok=True)
            if os.getuid() == 0:
                for path, _, _ in os.walk(folder):
                    with suppress(FileNotFoundError):
                        _share(Path(path))

    def user_for(self, folder: Path, living: Collection[int]) -> PilotUser:
        """Who a new pilot is, to whom `folder` is given; living: process ids of the pilots that live."""
        if os.getuid() != 0:
            return PilotUser()
        taken = set()
        for pid in living:
            with suppress(FileNotFoundError):
                taken.add(Path(f"/proc/{pid}").stat().st_uid)
        user = random.choice([number for number in range(USER_FIRST, USER_FIRST + USERS) if number not in taken])
        os.chown(folder, user, GROUP)
        folder.chmod(0o700)
        return PilotUser(user, GROUP)

    def command(self, folder: Path, user: PilotUser) -> list[str]:
        """What goes before a command, to run it as `user` with `folder` and the storage alone of the stack."""
        kept = [
            str(folder),
            *(str(self._home / name) for name in ("storage", "storages") if (self._home / name).is_dir()),
            os.path.realpath(sys.base_prefix),
            str(Path.cwd()),
            sys.prefix,
        ]
        hidden = [str(self._home)]
        # The home of the one who started the stack holds logins and keys; it cannot be hidden where all that runs is below it.
        if len(self._outer_home.parts) > 1 and not any(self._outer_home.is_relative_to(path) for path in kept):
            hidden.append(str(self._outer_home))
        plan = Plan(tuple(hidden), tuple(dict.fromkeys(kept)), user.user)
        return [sys.executable, "-m", "agents.isolation", plan.text()]


def _share(folder: Path) -> None:
    """Let the pilots' group write in `folder` and in all that anyone makes in it: also in folders of other pilots' users."""
    found = folder.stat()
    if found.st_gid != GROUP or found.st_mode & 0o7777 != SHARED_MODE:
        os.chown(folder, -1, GROUP)
        folder.chmod(SHARED_MODE)
    with suppress(OSError):  # a file system without access lists: only pilots of the local harvester share their folders then
        os.setxattr(folder, "system.posix_acl_default", _WRITTEN_BY_GROUP)
