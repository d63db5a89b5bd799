"""What a worker costs Culm's harvester: `python -m tests.bench.sites_submit [WORKERS]`, 1,000 of them unless told otherwise.

A real harvester, enrolled, with the plugin for Slurm, against the stand-in of Culm (real deciders in memory). `sbatch` and
`squeue` are shell scripts that keep a file, so that the batch system costs next to nothing. Each worker is intended, gets a token
of its own, is submitted, seen to run, and seen to end. Printed: seconds from the demand to the last submission, and the CPU of
the harvester's own process (commands of the batch system apart) for each worker, in all and by phase.
"""

import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from agents.harvester.systems.slurm_words import COLUMNS
from tests.agents.culm_stand_in import CulmStandIn
from tests.agents.processes import Agent

WORKERS = 1_000
SECONDS_MAX = 600.0
POLL_SECONDS = "1"
_SBATCH = """#!/bin/sh
for word; do case "$word" in --comment=*) tag=${{word#--comment=}};; esac; done
echo "$$ $tag" >> {folder}/jobs
echo "$$"
"""
_SQUEUE = """#!/bin/sh
exec awk -v state="$(cat {folder}/state)" '{{printf "{format}", $1, state, 0, "1000M", 1, "n1", $2, $2, "None"}}' {folder}/jobs
"""


class Site:
    """A Slurm of two files in `folder`: its jobs, and the state that all of them have."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.commands = folder, folder / "bin"
        self.commands.mkdir(parents=True)
        (folder / "jobs").touch()
        self.let("PENDING")
        columns = "".join(f"%-{width}s" for width in COLUMNS.values()) + "\\n"
        scripts = {"sbatch": _SBATCH, "squeue": _SQUEUE, "scancel": "#!/bin/sh\nexit 0\n"}
        for name, script in scripts.items():
            (self.commands / name).write_text(script.format(folder=folder, format=columns))
            (self.commands / name).chmod(0o755)

    def let(self, state: str) -> None:
        """Let all jobs be in `state`."""
        (self.folder / "state.part").write_text(state)
        (self.folder / "state.part").replace(self.folder / "state")

    @property
    def jobs(self) -> int:
        """How many were submitted."""
        return (self.folder / "jobs").read_bytes().count(b"\n")


class SiteRun:
    """One harvester and what it has cost so far."""

    def __init__(self, home: Path) -> None:
        self.culm, self.site = CulmStandIn(home / "storage"), Site(home / "site")
        (home / "code").write_text("code-1")
        (home / "harvester.toml").write_text(
            f'[queues.Q]\nsystem = "slurm"\npilots_max = 100000\n[systems.slurm]\npath = "{self.site.commands}:/usr/bin:/bin"\n'
        )
        self.agent = Agent(
            "agents.harvester",
            self.culm,
            home,
            CULM_HARVESTER_CONFIG=str(home / "harvester.toml"),
            CULM_HARVESTER_POLL_SECONDS=POLL_SECONDS,
            CULM_HARVESTER_SUBMIT_SECONDS="60",
            CULM_ENROLMENT_FILE=str(home / "code"),
            CULM_PILOT_IDLE_SECONDS="600",
        )

    def close(self) -> None:
        """End the harvester."""
        self.agent.close()
        self.culm.close()

    @property
    def cpu_seconds(self) -> float:
        """Of the harvester's own process."""
        spent = psutil.Process(self.agent.process.pid).cpu_times()
        return float(spent.user + spent.system)

    def wait_for(self, count: int, state: str) -> None:
        """Until `count` workers were reported in `state`."""
        end = time.monotonic() + SECONDS_MAX
        while sum(report["state"] == state for report in list(self.culm.worker_reports)) < count:
            if time.monotonic() > end or self.agent.process.poll() is not None:
                raise SystemExit(f"not {count} workers {state} within {SECONDS_MAX:.0f} s: {self.agent.log[-2000:]}")
            time.sleep(0.1)


def measure(workers: int, home: Path) -> dict[str, float]:
    """Seconds to submit `workers`, and milliseconds of CPU for each: in all, and by phase."""
    run = SiteRun(home)
    try:
        while not run.culm.on_log(lambda: run.culm.log.state("worker", "Q").service.epoch):
            time.sleep(0.05)
        at_first, began = run.cpu_seconds, time.monotonic()
        run.culm.want(workers)
        while run.site.jobs < workers:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        run.wait_for(workers, "submitted")
        submitted = run.cpu_seconds
        run.site.let("RUNNING")
        run.wait_for(workers, "running")
        running = run.cpu_seconds
        run.culm.want(0)
        run.site.let("COMPLETED")
        run.wait_for(workers, "finished")
        ended = run.cpu_seconds
    finally:
        run.close()
    phases = {"submitted": submitted - at_first, "running": running - submitted, "ended": ended - running}
    found = {f"{name}, ms of CPU a worker": 1_000 * spent / workers for name, spent in phases.items()}
    return {"seconds to submit all": seconds, "all, ms of CPU a worker": sum(found.values()), **found}


def main() -> None:
    """Print the figures."""
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else WORKERS
    with TemporaryDirectory() as home:
        found = measure(workers, Path(home))
    print(f"{workers:,} workers, one queue, Slurm by scripts, a look every {POLL_SECONDS} s; {os.cpu_count()} cores")
    for name, value in found.items():
        print(f"  {name:28} {value:8.2f}")


if __name__ == "__main__":
    main()
