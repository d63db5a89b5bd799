"""A task that was accepted before the server moved: its jobs get the address that holds when a pilot takes them."""

from typing import Any

import orjson
import pytest

from api.log.stored_parameters import with_server_name
from api.pilots.job_dict import job_dict
from schemas.queue import LeaseJob
from schemas.records import replace
from schemas.types import JobSpec, PilotOffer, TaskDefinition
from streams.jedi.refine import refine
from tests.commands.builders import QUEUE, a_running_task
from tests.streams.builders import a_submission

OLD, NEW = "http://127.0.0.1:25080", "https://jobs.example"


def accepted(**changes: Any) -> TaskDefinition:
    """What refinement makes of a task that was accepted while the server was at OLD."""
    stored = with_server_name(a_submission(**changes), {OLD, "http://localhost:25080"})
    definition = refine(orjson.loads(orjson.dumps(stored)), OLD)
    assert isinstance(definition, TaskDefinition), definition
    return definition


def spec_of_a_job(definition: TaskDefinition) -> JobSpec:
    """A job of the task, as it is leased."""
    culm = a_running_task(definition)
    answer = culm.send(LeaseJob(offer=PilotOffer(pilot="pilot-1", label="unified")), QUEUE, actor="pilot-1", role="pilot")
    assert answer.leased is not None, answer
    return answer.leased.spec


@pytest.mark.parametrize("address", [OLD, "http://localhost:25080", "http://localhost:25080/", None])
def test_a_job_fetches_wrapper_and_sandbox_where_the_server_is_now(address: str | None) -> None:
    spec = spec_of_a_job(accepted(sourceURL=address))

    given = job_dict(spec, "D", NEW)

    assert given["transformation"] == "https://jobs.example/trf/user/runGen-00-00-02"
    assert "--sourceURL https://jobs.example -r ." in given["jobPars"]
    assert "25080" not in repr(spec)


def test_nothing_that_a_task_keeps_holds_an_address_of_the_server() -> None:
    build = {"transPath": f"{OLD}/trf/user/buildGen-00-00-01", "jobParameters": "-i ${IN} -o ${OUT}", "archiveName": "a.tgz"}

    stored = with_server_name(a_submission(transPath=f"{OLD}/trf/user/runGen", buildSpec=build), {OLD})

    assert OLD not in orjson.dumps(stored).decode()
    assert stored["buildSpec"]["transPath"] == "culm://server/trf/user/buildGen-00-00-01"


def test_another_server_keeps_its_address() -> None:
    far = "http://127.0.0.1:250800"
    spec = spec_of_a_job(accepted(sourceURL=far, transPath="http://far.example/trf/user/runGen"))

    given = job_dict(spec, "D", NEW)

    assert given["transformation"] == "http://far.example/trf/user/runGen"
    assert f"--sourceURL {far} -r ." in given["jobPars"]


def test_a_task_of_an_older_release_keeps_the_address_it_was_given() -> None:
    definition = replace(accepted(), transformation=f"{OLD}/trf/user/runGen", source_url=OLD)

    given = job_dict(spec_of_a_job(definition), "D", NEW)

    assert given["transformation"] == f"{OLD}/trf/user/runGen"
    assert f"--sourceURL {OLD} -r ." in given["jobPars"]
