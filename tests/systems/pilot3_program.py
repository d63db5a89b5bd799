"""The unmodified pilot3 as the program of a queue's workers, each in a PID namespace of its own.

In: a stack, a folder, a queue that is configured. Out: `start_pilot3` of Culm's harvester with the options and the environment
that the pilot needs on a host without the software of sites. Guards: the pilot ends every process of its user whose parent is
process 1, so that the program runs nothing before it is in its namespace, and PILOT_NOKILL is set.
"""

import shlex
import sys
from pathlib import Path

from deploy.config import CHECKOUT
from deploy.stack import Stack
from tests.conformance.test_real_pilot import TRUSTED, pilot_environment, pilot_files

#: Options of prun for jobs whose wrapper this pilot takes.
PRUN = ("--transPath", f"{TRUSTED}/runGen-00-00-02")
_APART = """#!/bin/sh
if [ -z "$CULM_APART" ]; then
    trap '' USR1 # it would end unshare, and so the pilot with its job
    CULM_APART=1 exec unshare --pid --fork --kill-child=SIGKILL --mount-proc -- "$0" "$@"
fi
"""


def program(stack: Stack, folder: Path, queue: str) -> Path:
    """The program, with its files in a new folder `pilot3` in `folder`."""
    own = folder / "pilot3"
    own.mkdir()
    environment = {
        "CULM_PILOT_OPTIONS": " ".join(pilot_files(stack, own, queue)),
        **pilot_environment(own),
        "CULM_PILOT_SOURCE": str(stack.config.lib / "pilot3"),
        "CULM_PILOT_PYTHON": sys.executable,
    }
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    start = (CHECKOUT / "agents" / "harvester" / "start_pilot3").read_text(encoding="utf-8")
    found = own / "program"
    found.write_text(f"{_APART}{exports}{start}", encoding="utf-8")
    found.chmod(0o755)
    return found
