"""What `make sites` says, kept for `docs/proof.md`: each line is printed, and appended to the file that the Makefile names.

In: lines. Out: `out/sites.txt`. Without CULM_SITES_REPORT, as when a plugin's author runs the kit, nothing is kept.
"""

import os
import time
from pathlib import Path

VARIABLE = "CULM_SITES_REPORT"


def say(line: str) -> None:
    """Print a line and keep it."""
    print(line, flush=True)
    keep(line)


def keep(line: str) -> None:
    """Append a line to the report; the first one follows the day and the machine."""
    if not os.environ.get(VARIABLE):
        return
    path = Path(os.environ[VARIABLE])
    path.parent.mkdir(parents=True, exist_ok=True)
    head = "" if path.exists() else f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{head}{line}\n")
