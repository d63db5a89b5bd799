"""What a worker needs to begin: its program, its environment, and a token of its own where the harvester has enrolled.

In: a worker that was intended, and the job that travels with it, if one does. Out: its spec for the batch system. Guards: a
worker gets no token, no key and no job but its own, in files that the harvester alone can read and that are removed once the
batch system has them; nothing secret is in the environment.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from agents.harvester.config import LOCAL, HarvesterConfig, ServedQueue
from agents.harvester.culm_calls import BoundJob
from agents.harvester.demand import WantedClass
from agents.harvester.enrolment import HarvesterEnrolment
from agents.harvester.kill_points import reach
from agents.harvester.known_workers import KnownWorker
from agents.harvester.systems.contract import WorkerSpec
from agents.harvester.systems.tags import is_variable
from agents.job_file import JOB, LEASE_OF_JOB, WORKER_OF_JOB
from agents.plain_files import remove_folder
from process.private_files import make_private, write_private

TOKEN, TOKEN_KEY = "token", "token_key"
SUBMIT_MODE = "CULM_SUBMIT_MODE"
#: What is the harvester's own, and would lead a pilot to it.
WITHHELD = ("CULM_ENROLMENT_FILE", "CULM_KILL_AT", "CULM_HARVESTER_")
#: What pilots elsewhere get of the harvester's environment.
PASSED_ON = ("CULM_PILOT_", "CULM_HEARTBEAT_")
#: What is asked where neither the class nor anything else says it.
MEMORY_MB, WALLTIME_SECONDS = 1_000, 86_400
_PROGRAM = """#!/bin/sh
here=$(cd -- "$(dirname -- "$0")" && pwd) || exit 1
export CULM_WORK="$here"
if [ -f "$here/{token}" ]; then export CULM_TOKEN_FILE="$here/{token}"; fi
if [ -f "$here/{token_key}" ]; then export CULM_TOKEN_KEY_FILE="$here/{token_key}"; fi
if [ "$CULM_SUBMIT_MODE" = PUSH ]; then set -- --job "$here/{job}"; fi
if [ -n "$CULM_WORKER_ISOLATED" ]; then export HOME="$here" CULM_PILOT_PRIVATE=1; fi
export CULM_HOME="${{CULM_HOME:-$here}}"
cd -- {checkout} && exec {python} -m agents.pilot "$@"
"""


class WorkerStart:
    """Makes specs for one harvester. enrolment: None where all workers have the harvester's own token, as at a site."""

    def __init__(self, config: HarvesterConfig, outer: Mapping[str, str], enrolment: HarvesterEnrolment | None) -> None:
        """Raises OSError when the program cannot be written."""
        self._config, self._outer, self._enrolment = config, outer, enrolment
        self._staged = config.folder / "staged"
        remove_folder(self._staged)
        self._program = config.folder / "pilot"
        names = {"token": TOKEN, "token_key": TOKEN_KEY, "job": JOB}
        text = _PROGRAM.format(**names, checkout=shlex.quote(str(Path.cwd())), python=shlex.quote(sys.executable))
        write_private(self._program, text.encode())
        self._program.chmod(0o700)

    def spec(self, worker: KnownWorker, queue: ServedQueue, size: WantedClass, bound: BoundJob | None = None) -> WorkerSpec:
        """What the batch system gets; raises CallFailed, OSError. bound: the job that travels with the worker, if one does."""
        return WorkerSpec(
            tag=worker.tag,
            queue=queue.name,
            cores=size.cores,
            memory_mb=size.memory_mb or MEMORY_MB,
            disk_mb=bound.disk_mb if bound is not None else 0,
            walltime_seconds=size.walltime_seconds or WALLTIME_SECONDS,
            program=queue.pilot or self._program,
            files=(*self._files(worker, queue, size), *self._job_file(worker, bound)),
            environment=self._environment(worker, queue, size) | {SUBMIT_MODE: "PULL" if bound is None else "PUSH"},
            settings=queue.settings,
        )

    def forget(self, worker: KnownWorker) -> None:
        """Remove the files that were staged for a worker: the batch system has them, or will not."""
        remove_folder(self._staged / worker.tag)

    def _files(self, worker: KnownWorker, queue: ServedQueue, size: WantedClass) -> tuple[Path, ...]:
        folder = self._staged / worker.tag
        if self._enrolment is None and queue.system == LOCAL:
            return ()
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        if self._enrolment is None:
            make_private(folder / TOKEN, self._config.token_file.read_text(encoding="ascii").encode())
            return (folder / TOKEN,)
        reach("token.before")
        token, key = self._enrolment.token_for(worker.worker_id, size.memory_mb)
        reach("token.after")
        make_private(folder / TOKEN, token.encode())
        reach("files.half")
        make_private(folder / TOKEN_KEY, key.encode())
        reach("files.after")
        return (folder / TOKEN, folder / TOKEN_KEY)

    def _job_file(self, worker: KnownWorker, bound: BoundJob | None) -> tuple[Path, ...]:
        """The job as pilots of PanDA read it that get it from a Harvester, by its PandaID, and for whom it is."""
        if bound is None or bound.job is None:
            return ()
        folder = self._staged / worker.tag
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        job = {**bound.job, WORKER_OF_JOB: worker.worker_id, LEASE_OF_JOB: bound.lease_id}
        reach("job.before")
        make_private(folder / JOB, json.dumps({str(job["PandaID"]): job}).encode())
        reach("job.after")
        return (folder / JOB,)

    def _environment(self, worker: KnownWorker, queue: ServedQueue, size: WantedClass) -> dict[str, str]:
        """What the pilot needs to know; it offers what its slot has, not what its host has."""
        if queue.system == LOCAL:
            # A shell may have exported functions, under names that no variable has.
            names = (name for name in self._outer if is_variable(name) and not name.startswith(WITHHELD))
            outer = {name: self._outer[name] for name in names}
        else:
            outer = {name: value for name, value in self._outer.items() if name.startswith(PASSED_ON)}
        return outer | {
            "CULM_API": self._config.api,
            "CULM_QUEUE": queue.name,
            "CULM_VO": self._config.vo,
            "HARVESTER_ID": self._config.harvester_id,
            "HARVESTER_WORKER_ID": worker.worker_id,
            **({"CULM_PILOT_MEMORY_MB": str(size.memory_mb)} if size.memory_mb else {}),
            **({"CULM_PILOT_CORES": str(size.cores)} if size.cores else {}),
        }


def settings_of(config: HarvesterConfig, system: str) -> dict[str, str]:
    """Settings of a batch system; of this host: what its workers may not see."""
    settings = dict(config.systems.get(system, {}))
    if system == LOCAL:
        isolation = config.isolation.value if config.enrolment_file is not None else "off"
        hidden = {"home": str(config.home), "outer_home": os.environ.get("HOME", "/root")}
        settings = {"isolation": isolation, **hidden, **settings, "node": config.node}
    return settings
