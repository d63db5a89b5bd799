"""The commands of a batch system as its plugin calls them: with an environment of their own and in bounded numbers.

Guards: nothing of the harvester's environment reaches a batch system or its workers (it may hold secrets, or options such as
SBATCH_PARTITION); at most `PARALLEL_MAX` commands run at once.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from agents.harvester.systems.contract import Refused, SubmitOutcome, Submitted, Unknown
from agents.harvester.systems.native_command import Ran, one_line, run_command

PARALLEL_MAX = 20
#: Below the time that a harvester gives a submission: an order that was given up is certainly not carried out after it.
SECONDS_DEFAULT, SECONDS_MIN, SECONDS_MAX = 10.0, 0.1, 600.0
#: A listing may take so many times as long as an order; it proves nothing about what began after it.
LISTING_PATIENCE = 3.0
#: A listing of 10,000 workers is about 7 MB.
LISTING_BYTES_MAX = 64 << 20
#: Settings that every plugin of commands takes: where they are, how long one may take.
SETTINGS = frozenset({"path", "command_seconds"})
_INHERITED = ("HOME", "USER", "LOGNAME", "TZ")

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Commands:
    """Commands found in one PATH. variables: further ones of their environment."""

    def __init__(self, settings: Mapping[str, str], variables: Mapping[str, str]) -> None:
        self._path = settings.get("path") or os.environ.get("PATH", os.defpath)
        self._environment = {
            "PATH": self._path,
            "LC_ALL": "C.UTF-8",
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            **{name: value for name, value in variables.items() if value},
        }
        self.seconds_text = settings.get("command_seconds", f"{SECONDS_DEFAULT:g}")

    def problem(self, names: Iterable[str]) -> str:
        """Why the commands `names` cannot be used; empty if they can."""
        if not SECONDS_MIN <= self._seconds <= SECONDS_MAX:
            return f"command_seconds is {self.seconds_text[:40]!r}, expected {SECONDS_MIN:g} to {SECONDS_MAX:g}"
        missing = [name for name in names if shutil.which(name, path=self._path) is None]
        return f"{', '.join(missing)} not found in {self._path}" if missing else ""

    @property
    def _seconds(self) -> float:
        try:
            return float(self.seconds_text)
        except ValueError:
            return -1.0

    def list(self, argv: Sequence[str]) -> Ran:
        """What a command says that shows all jobs: longer, and with more output than others."""
        return self.run(argv, LISTING_BYTES_MAX, LISTING_PATIENCE)

    def run(self, argv: Sequence[str], bytes_max: int = 1 << 20, patience: float = 1.0) -> Ran:
        """What `argv` said."""
        program = shutil.which(argv[0], path=self._path)
        if program is None:
            return Ran(None, problem=f"{argv[0]} not found in {self._path}")
        seconds = self._seconds if SECONDS_MIN <= self._seconds <= SECONDS_MAX else SECONDS_DEFAULT
        return run_command([program, *argv[1:]], self._environment, patience * seconds, bytes_max)


def submission_outcome(
    tag: str, program: str, ran: Ran, batch_id: str | None, refusals: Sequence[tuple[re.Pattern[str], bool]]
) -> SubmitOutcome:
    """The outcome of a submission, by what `program` said. refusals, in order: texts of certain refusals, and if for good."""
    if ran.exit_code == 0 and batch_id is not None:
        return Submitted(tag, batch_id, os.uname().nodename)
    printed = ran.stdout.decode("utf-8", "replace") + ran.error_text
    reason = ran.complaint or f"{program} printed no job id: {one_line(printed)}"
    if (ran.exit_code or 0) > 0 and batch_id is None:
        for pattern, permanent in refusals:
            if pattern.search(ran.error_text):
                return Refused(tag, reason, permanent)
    return Unknown(tag, reason)


def side_by_side(items: Sequence[Item], answer: Callable[[Item], Answer]) -> list[Answer]:
    """The answers for `items` in their order, a bounded number at once."""
    if len(items) < 2:
        return [answer(item) for item in items]
    with ThreadPoolExecutor(min(PARALLEL_MAX, len(items))) as pool:
        return list(pool.map(answer, items))
