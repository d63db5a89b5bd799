"""`python -m agents.isolation PLAN COMMAND ...`: runs COMMAND with folders hidden, as another user where this one is root.

In: a plan as JSON. Out: COMMAND in a mount namespace of its own, in which each hidden folder is empty but for what is kept of it.
As root the process becomes the user of the plan. Otherwise it gets a user and a process namespace, because processes of one user
can look into each other. Guards: when a step fails COMMAND is not run; no privilege can be gained afterwards.
What this does not hide: the network, `/tmp`, and what anyone on the machine may read.
"""

import ctypes
import json
import os
import signal
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
#: Of <sched.h>, <sys/mount.h>, <sys/prctl.h>.
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x10000000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
EXIT_NOT_ISOLATED = 78
FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)
#: Of systemd's range for users that exist only while something runs; the group of all pilots, and the first of their users.
GROUP, USER_FIRST, USERS = 61_184, 61_185, 4_000
#: So that files of one pilot can be replaced by the next, which is another user of the same group.
UMASK = 0o002


@dataclass(frozen=True, slots=True)
class Plan:
    """What a process may not see, and as whom it runs.

    hidden: folders that are empty for it but for what is in `kept`. kept: folders that it needs, for reading unless their
    permissions say more. user: number of user and group; None to stay the same user.
    """

    hidden: tuple[str, ...]
    kept: tuple[str, ...]
    user: int | None

    def text(self) -> str:
        """As the command line takes it."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> "Plan":
        """The plan in `text`."""
        found = json.loads(text)
        return cls(tuple(found["hidden"]), tuple(found["kept"]), found["user"])


def main(arguments: Sequence[str]) -> int:
    """Becomes COMMAND; returns only when that cannot be done, or in a process namespace once COMMAND ended."""
    plan, command = Plan.of(arguments[0]), list(arguments[1:])
    try:
        if plan.user is not None:
            _as_root(plan, plan.user)
        else:
            ended = _in_namespaces()
            if ended is not None:
                return ended
            _hide_all(plan)
        _call("prctl", _LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        os.execv(command[0], command)
    except OSError as problem:
        sys.stderr.write(f"not isolated, so not started: {problem}\n")
    return EXIT_NOT_ISOLATED


def _as_root(plan: Plan, user: int) -> None:
    _call("unshare", _LIBC.unshare(CLONE_NEWNS))
    _hide_all(plan)
    os.setgroups([])
    os.setresgid(GROUP, GROUP, GROUP)
    os.setresuid(user, user, user)
    os.umask(UMASK)


def _in_namespaces() -> int | None:
    """None in the process that is the first of its namespace; in the one that waits for it, its exit code."""
    user, group = os.getuid(), os.getgid()
    _call("unshare", _LIBC.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    child = os.fork()
    if child:
        return _exit_code_of(child)
    _call("prctl", _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0))
    _private()
    _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    return None


def _exit_code_of(child: int) -> int:
    def forward(number: int, _: object) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, number)

    for number in FORWARDED:
        signal.signal(number, forward)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else 128 - code


def _hide_all(plan: Plan) -> None:
    _private()
    unreachable = _unreachable(plan.kept) if plan.user is not None else ()
    for folder in sorted({*plan.hidden, *unreachable}, key=lambda path: len(Path(path).parts)):
        if Path(folder).is_dir():
            _hide(Path(folder), [path for path in map(Path, plan.kept) if path.is_relative_to(folder) and path != Path(folder)])


def _unreachable(paths: Iterable[str]) -> tuple[str, ...]:
    """Folders on the way to `paths` that others may not enter."""
    above = {parent for path in paths for parent in Path(path).parents}
    return tuple(str(folder) for folder in above if not folder.stat().st_mode & stat.S_IXOTH)


def _hide(folder: Path, kept: Sequence[Path]) -> None:
    """`folder` is empty from now on, but for `kept`, which stay where they are."""
    outermost = [path for path in kept if not any(other in path.parents for other in kept)]
    held = [(path, os.open(path, os.O_PATH | os.O_DIRECTORY)) for path in outermost]
    _mount("tmpfs", str(folder), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=64k")
    for path, descriptor in held:
        path.mkdir(parents=True, exist_ok=True)
        _mount(f"/proc/self/fd/{descriptor}", str(path), None, MS_BIND | MS_REC)
        os.close(descriptor)


def _private() -> None:
    """What is mounted from now on is seen by no one else."""
    _mount("none", "/", None, MS_REC | MS_PRIVATE)


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    name = kind.encode() if kind else None
    done = _LIBC.mount(source.encode(), target.encode(), name, ctypes.c_ulong(flags), options.encode() or None)
    _call(f"mount {target}", done)


def _call(what: str, done: int) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
