"""A folder for each worker, on a file system that the nodes see: its files, the script that runs it, and what it leaves behind.

In: specs. Out: folders named by tags (mode 700, files 600). Guards: secrets lie in files of their owner alone; a worker of a tag
runs once, also when the batch system has it twice or starts it again; only folders with a tag of the stack are removed.
"""

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from agents.harvester.kill_points import reach
from agents.harvester.systems.contract import WorkerSpec
from agents.harvester.systems.tags import belongs
from agents.plain_files import beginning_of, end_of, remove_folder
from process.private_files import make_private

#: Exit codes of the script itself: its folder is not there; a worker of this tag was started before.
EXIT_NO_FOLDER, EXIT_STARTED_BEFORE = 86, 87
LAST_WORDS_BYTES = 8192
RETIRE = "retire"
_OURS = frozenset({"program", "run", "started", "exit_code", "exit_code.part", "stdout", "stderr", "submit", RETIRE})
_SCRIPT = """#!/bin/sh
umask 077
child= early= retires=
# Some systems signal this script alone, some all processes; the program gets it either way, and is waited for.
pass_on() {{
    if [ "$1" = USR1 ]; then retires=yes; fi
    if [ "$child" ]; then kill -"$1" "$child" 2>/dev/null; else early="$early $1"; fi
}}
for signal in TERM INT HUP USR1 USR2; do trap "pass_on $signal" $signal; done
ends() {{
    printf '%s %s\\n' "$1" "${{SLURM_JOB_ID:--}}" > exit_code.part && mv exit_code.part exit_code
    exit "$1"
}}
{enter}mkdir started 2>/dev/null || exit {started_before}
# The request to retire makes this file, looks for "started", and signals: one of the two is seen.
if [ -e {retire} ]; then ends 0; fi
{exports}./program &
child=$!
for signal in $early; do kill -"$signal" "$child" 2>/dev/null; done
while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
done
# A wait that a signal cut short says the signal, although the program may have ended in that moment: its own code counts.
wait "$child" 2>/dev/null
again=$?
[ "$again" = 127 ] || code=$again
# A program that does not listen yet, or no longer, is ended by the request to retire, which it was to do.
if [ "$retires" ] && [ "$code" -gt 128 ] && [ "$(kill -l "$code")" = USR1 ]; then code=0; fi
ends "$code"
"""


@dataclass(frozen=True, slots=True)
class Left:
    """What a worker wrote down when its program ended; batch_id: "-" where the batch system does not say it to its workers."""

    tag: str
    exit_code: int
    batch_id: str


class WorkerFolders:
    """The folders of one stack's workers, below `root`. shared: the nodes see them; otherwise the system sends the files."""

    def __init__(self, root: Path, stack: str, *, shared: bool = True) -> None:
        self.root, self._stack, self._shared = root.absolute(), stack, shared

    def of(self, tag: str) -> Path:
        """The folder of a worker."""
        return self.root / tag

    def make(self, spec: WorkerSpec) -> Path:
        """The worker's folder, with its files and the script `run`. Raises OSError; may be called again for the same spec.

        Nothing waits for the disk here: after a crash of this host a worker that finds no files ends, and is replaced.
        """
        folder = self.of(spec.tag)
        self.root.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        for path in spec.files:
            if path.name in _OURS:
                raise FileExistsError(17, f"a worker's file cannot be named {path.name!r}")
            make_private(folder / path.name, path.read_bytes())
        make_private(folder / "program", spec.program.read_bytes(), program=True)
        reach("folder.half")
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in spec.environment.items())
        enter = f"cd -- {shlex.quote(str(folder))} || exit {EXIT_NO_FOLDER}\n" if self._shared else "chmod 700 program\n"
        script = _SCRIPT.format(enter=enter, started_before=EXIT_STARTED_BEFORE, retire=RETIRE, exports=exports)
        make_private(folder / "run", script.encode(), program=True)
        return folder

    def retires(self, tag: str) -> bool:
        """Have a worker of a shared folder end instead of beginning; whether it has begun, and must be signalled as well."""
        folder = self.of(tag)
        with suppress(OSError):
            (folder / RETIRE).touch(mode=0o600)
        return (folder / "started").exists()

    def left(self) -> Iterator[Left]:
        """What ended workers wrote down; a text that no script of ours writes is left out."""
        for folder in self._folders():
            with suppress(OSError, ValueError):
                code, batch_id = beginning_of(folder / "exit_code", 64).decode("ascii", "replace").split()
                yield Left(folder.name, int(code) & 255, batch_id if batch_id.isdigit() else "-")

    def last_words(self, tag: str) -> str:
        """The end of the worker's error output, at most 8 KB; empty where there is none."""
        if not belongs(tag, self._stack):
            return ""
        try:
            return end_of(self.of(tag) / "stderr", LAST_WORDS_BYTES).decode("utf-8", "replace")
        except OSError:
            return ""

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Remove the folders of workers that are over; how many."""
        removed = 0
        for folder in self._folders():
            if is_over(folder.name):
                remove_folder(folder)
                removed += not folder.exists()
        return removed

    def _folders(self) -> Iterator[Path]:
        with suppress(FileNotFoundError), os.scandir(self.root) as entries:
            for entry in entries:
                if belongs(entry.name, self._stack) and entry.is_dir(follow_symlinks=False):
                    yield Path(entry.path)

