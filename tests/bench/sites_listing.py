"""What one listing costs: `python -m tests.bench.sites_listing [WORKERS]`, 10,000 workers unless told otherwise.

For Slurm and HTCondor, whose commands are scripts that print what the real ones print for so many jobs: the plugin's listing and
the comparison with what the harvester knows, in a process of its own. Printed: seconds, seconds of CPU of this process, and by
how many MB its largest size grew.
"""

import json
import os
import pwd
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.harvester.known_workers import KnownWorker, compare
from agents.harvester.systems.contract import BatchSystem, Listing
from agents.harvester.systems.htcondor import HTCondor
from agents.harvester.systems.htcondor_words import ATTRIBUTES
from agents.harvester.systems.slurm import Slurm
from agents.harvester.systems.slurm_words import COLUMNS

WORKERS = 10_000
STACK = "bench"
MEGABYTE_KB = 1024


def tags(workers: int) -> list[str]:
    """Of so many workers of one queue."""
    return [f"{STACK}-queue0a1b2c-{number:012x}" for number in range(workers)]


def squeue(names: list[str]) -> bytes:
    """What `squeue` prints of running jobs."""
    lines = []
    for number, tag in enumerate(names, start=1):
        cells = (str(number), "RUNNING", "0", "8000M", "1", f"node{number % 500}", tag, tag, "None")
        lines.append("".join(text.ljust(width) for text, width in zip(cells, COLUMNS.values(), strict=True)))
    return ("\n".join(lines) + "\n").encode()


def condor_q(names: list[str], owner: str) -> bytes:
    """What `condor_q -json` prints of running jobs."""
    known = {"JobStatus": 2, "Owner": owner, "RequestMemory": 8000, "RequestCpus": 1, "ProcId": 0, "ExitBySignal": False}
    ads = [
        {"ClusterId": number, "CulmWorker": tag, "RemoteHost": f"slot1_1@node{number % 500}", **known}
        for number, tag in enumerate(names, start=1)
    ]
    assert {*ads[0]} <= {*ATTRIBUTES}, sorted({*ads[0]} - {*ATTRIBUTES})
    return json.dumps(ads, indent=1).encode()


def prepare(name: str, folder: Path, workers: int) -> None:
    """Commands in `folder` that print `workers` jobs."""
    commands = folder / "bin"
    commands.mkdir()
    owner = pwd.getpwuid(os.getuid()).pw_name
    (folder / "printed").write_bytes(squeue(tags(workers)) if name == "slurm" else condor_q(tags(workers), owner))
    script = f"#!/bin/sh\nexec cat {folder / 'printed'}\n"
    for command, text in {"squeue": script, "condor_q": script, "condor_history": "#!/bin/sh\n"}.items():
        (commands / command).write_text(text)
        (commands / command).chmod(0o755)


def largest_kb() -> int:
    """The largest size that this process had in memory; getrusage would count that of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:")))


def one(name: str, workers: int, folder: Path) -> dict[str, float]:
    """Figures of one listing in this process."""
    settings = {"path": f"{folder / 'bin'}:/usr/bin:/bin"}
    plugin: BatchSystem = Slurm(STACK, settings, folder) if name == "slurm" else HTCondor(STACK, settings, folder)
    known = {tag: KnownWorker(tag.partition("-")[2], tag, "Q", "running", True) for tag in tags(workers)}
    before, size_kb = resource.getrusage(resource.RUSAGE_SELF), largest_kb()
    began = time.monotonic()
    listing: Listing = plugin.listing()
    found = compare(known, listing, "h")
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert listing.complete, listing.problem
    assert (len(found.living), found.absent, found.strays) == (workers, {}, [])
    return {
        "seconds": seconds,
        "seconds of CPU": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "MB more at most": (largest_kb() - size_kb) / MEGABYTE_KB,
    }


def main() -> None:
    """Print the figures of each system, of a process of its own."""
    if len(sys.argv) > 2:
        print(json.dumps(one(sys.argv[2], int(sys.argv[1]), Path(sys.argv[3]))))
        return
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else WORKERS
    print(f"one listing of {workers:,} workers, compared with what is known; {os.cpu_count()} cores")
    for name in ("slurm", "htcondor"):
        with TemporaryDirectory() as folder:
            prepare(name, Path(folder), workers)
            child = [sys.executable, "-m", "tests.bench.sites_listing", str(workers), name, folder]
            found = json.loads(subprocess.run(child, check=True, stdout=subprocess.PIPE).stdout)
        print(f"  {name:10}" + "".join(f"{value:9.2f} {what}" for what, value in found.items()))


if __name__ == "__main__":
    main()
