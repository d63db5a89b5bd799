"""The conformance kit against real batch systems, and once more, one after the other, the few cases that failed.

In: names of adapters. Out: pytest's exit code; cases that passed only the second time are printed and kept in the report of the
sites. A real system beside two others on a small host can be late once; a fault of a plugin fails both times. More than
FAILED_MAX failures are no accident and stand.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.systems.sites_report import say

KIT = "tests/systems"
LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
FAILED_MAX = 3
TESTS_FAILED = 1


def kit_passes(systems: Sequence[str], run: Callable[[Sequence[str]], int], failed: Callable[[], Sequence[str]]) -> int:
    """The exit code. run: pytest with these arguments, gives its exit code. failed: node ids of the cases that failed last."""
    chosen = [argument for system in systems for argument in ("--system", f"tests.systems.real_{system.replace('-', '_')}")]
    code = run([KIT, "-q", "--numprocesses", str(len(systems)), "--dist", "loadscope", *chosen])
    cases = failed() if code == TESTS_FAILED else ()
    if not 0 < len(cases) <= FAILED_MAX:
        return code
    code = run(["-q", "-n0", *cases, *chosen])
    ending = "passed" if code == 0 else "failed"
    say(f"kit: run a second time, {ending} then: {', '.join(case.rpartition('::')[2] for case in cases)}")
    return code


def _pytest(arguments: Sequence[str]) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], check=False).returncode


def _failed() -> list[str]:
    try:
        return [case for case in json.loads(LAST_FAILED.read_text()) if case.startswith(f"{KIT}/")]
    except FileNotFoundError:
        return []


if __name__ == "__main__":
    LAST_FAILED.unlink(missing_ok=True)
    sys.exit(kit_passes(sys.argv[1:], _pytest, _failed))
