"""What a worker gets to begin with, elsewhere and on this host."""

import json
from dataclasses import replace
from pathlib import Path

from agents.harvester.config import ServedQueue, read_config
from agents.harvester.culm_calls import BoundJob, DecidersAnswer
from agents.harvester.demand import WantedClass
from agents.harvester.known_workers import KnownWorker
from agents.harvester.starting import WorkerStart

OUTER = {"PATH": "/bin", "CULM_PILOT_IDLE_SECONDS": "3", "CULM_ENROLMENT_FILE": "/secret/code", "CULM_HARVESTER_CONFIG": "/etc/x"}


def a_start(home: Path) -> WorkerStart:
    config = read_config({"CULM_API": "http://127.0.0.1:1", "CULM_HOME": str(home), "CULM_QUEUE": "Q"})
    (home / "token").write_text("t0ken")
    (home / "run" / "harvester-Q").mkdir(parents=True)
    return WorkerStart(replace(config, token_file=home / "token"), OUTER, None)


def test_a_worker_elsewhere_gets_what_its_class_asks_its_token_as_a_file_and_nothing_of_this_host(tmp_path: Path) -> None:
    start, worker = a_start(tmp_path), KnownWorker("w1", "s-w1", "Q")
    queue = ServedQueue("Q", "slurm", 5, {"partition": "long"})

    spec = start.spec(worker, queue, WantedClass("medium", 1, 8000, 2, 3600))

    assert (spec.tag, spec.memory_mb, spec.cores, spec.walltime_seconds) == ("s-w1", 8000, 2, 3600)
    # A pilot offers its slot, not its host.
    offer = (spec.environment["CULM_PILOT_MEMORY_MB"], spec.environment["CULM_PILOT_CORES"])
    assert offer == ("8000", "2")
    assert (spec.settings, [path.name for path in spec.files]) == ({"partition": "long"}, ["token"])
    assert (spec.files[0].read_text(), spec.files[0].stat().st_mode & 0o777) == ("t0ken", 0o600)
    assert {"PATH", "CULM_ENROLMENT_FILE", "CULM_HARVESTER_CONFIG"} & set(spec.environment) == set()
    assert "t0ken" not in str(spec.environment)
    start.forget(worker)
    assert not spec.files[0].exists()


def test_a_worker_of_this_host_has_its_environment_but_for_what_is_the_harvesters(tmp_path: Path) -> None:
    spec = a_start(tmp_path).spec(KnownWorker("w1", "s-w1", "Q"), ServedQueue("Q"), WantedClass("", 1))

    assert (spec.environment["PATH"], spec.environment["HARVESTER_WORKER_ID"], spec.files) == ("/bin", "w1", ())
    assert {"CULM_ENROLMENT_FILE", "CULM_HARVESTER_CONFIG"} & set(spec.environment) == set()


def test_a_worker_that_came_with_a_job_has_it_in_a_file_of_its_own_by_its_number(tmp_path: Path) -> None:
    bound = BoundJob(DecidersAnswer(True), {"PandaID": 7, "jobPars": "x"}, "l1", "", 4, 20_000, 100, 7_200)
    start, worker = a_start(tmp_path), KnownWorker("w1", "s-w1", "Q", is_bound=True)

    spec = start.spec(worker, ServedQueue("Q", "slurm"), WantedClass("", 1, 20_000, 4, 7_200), bound)

    assert (spec.memory_mb, spec.cores, spec.disk_mb, spec.walltime_seconds) == (20_000, 4, 100, 7_200)
    assert [path.name for path in spec.files] == ["token", "pandaJobData.out"]
    assert [path.stat().st_mode & 0o777 for path in spec.files] == [0o600, 0o600]
    job = {"PandaID": 7, "jobPars": "x", "culm_worker_id": "w1", "culm_lease_id": "l1"}
    assert json.loads(spec.files[1].read_text()) == {"7": job}
    assert spec.environment["CULM_SUBMIT_MODE"] == "PUSH"
    assert start.spec(worker, ServedQueue("Q"), WantedClass("", 1)).environment["CULM_SUBMIT_MODE"] == "PULL"


def test_a_queue_may_have_a_pilot_of_its_own(tmp_path: Path) -> None:
    spec = a_start(tmp_path).spec(KnownWorker("w1", "s-w1", "Q"), ServedQueue("Q", pilot=Path("/bin/sh")), WantedClass("", 1))

    assert spec.program == Path("/bin/sh")
