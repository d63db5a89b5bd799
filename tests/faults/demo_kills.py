"""`python -m tests.faults.demo_kills [KIND ...]`: SIGKILL of one kind of process after the other in the middle of a demo each.

The stack must be up (`culm up`). Prints a line per kind; ends with 0 only if every demo ended as it does undisturbed.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

from deploy.config import CHECKOUT

KINDS = ("decider", "processors", "timers", "projector", "notary", "api", "registry", "postgres", "kafka", "harvester")
MIDDLE = re.compile(r"\d+ found")
PATIENCE_SECONDS = 120.0


def main(kinds: list[str]) -> int:
    """0 if every demo came to its end."""
    return max(disturbed(kind) for kind in kinds or KINDS)


def disturbed(kind: str) -> int:
    """Exit code of a demo during which the process `kind` was killed."""
    log = CHECKOUT / "out" / "demo_kills" / f"{kind}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as said:
        demo = subprocess.Popen((sys.executable, "-m", "demo"), cwd=CHECKOUT, stdout=said, stderr=subprocess.STDOUT)
        end = time.monotonic() + PATIENCE_SECONDS
        while not MIDDLE.search(log.read_text()):
            if demo.poll() is not None or time.monotonic() > end:
                print(f"{kind}: the demo did not come to its middle, see {log}")
                demo.kill()
                return 1
            time.sleep(0.1)
        pid = pids()[kind]
        os.kill(pid, signal.SIGKILL)
        code = demo.wait(300)
    found = re.search(r"sources found\s+(\S+)", log.read_text())
    sources = found.group(1) if found else "none"
    print(f"{kind:<12} pid {pid} killed; the demo ended with {code}, sources found: {sources}", flush=True)
    return code


def pids() -> dict[str, int]:
    """Process id by kind, as `culm status` says."""
    command = (str(CHECKOUT / ".venv" / "bin" / "culm"), "status", "--json")
    document = json.loads(subprocess.run(command, capture_output=True, check=False).stdout)
    return {process["name"]: int(process["pid"]) for process in document["processes"]}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
