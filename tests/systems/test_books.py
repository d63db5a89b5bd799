"""The books of real systems, as `make sites` reads them: what is not over is never shown as ended, and each job is there once."""

import json

import pytest

from agents.harvester.systems import htcondor_words, slurm_words
from agents.harvester.systems.contract import NativeState
from tests.systems import slurm_books
from tests.systems.real_htcondor import once_each, state_of
from tests.systems.real_kubernetes_api import in_books

FINISHED, FAILED, RUNNING = NativeState.FINISHED, NativeState.FAILED, NativeState.RUNNING
SHOWN = (
    "JobId=7 JobName=kit-1 UserId=root(0) JobState={state} Reason=None NodeList={nodes} MinMemoryNode=2G Comment=kit-1\n"
    "JobId=8 JobName=other-1 UserId=root(0) JobState=RUNNING Reason=None NodeList=n1 MinMemoryNode=1G\n"
)
COMPLETED = (
    "JobId=7 UserId=root(0) GroupId=root(0) Name=kit-1 JobState=COMPLETED Partition=main TimeLimit=10 NodeList=n1 NodeCnt=1 "
    "Tres=cpu=1,mem=2000M,node=1,billing=1 Account= DerivedExitCode=0:0 ExitCode=0:0 \n"
)


@pytest.mark.parametrize("word", sorted(slurm_words.STATES))
def test_slurms_books_mean_by_each_word_what_the_plugin_means(word: str) -> None:
    assert slurm_books.state_of(word) is slurm_words.state_of(word)


def test_a_word_that_slurm_has_and_the_books_have_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        slurm_books.state_of("A_WORD_OF_A_LATER_SLURM")


@pytest.mark.parametrize(
    ("word", "state"),
    [("COMPLETING", RUNNING), ("SUSPENDED", RUNNING), ("CONFIGURING", NativeState.PENDING), ("TIMEOUT", NativeState.TIMEOUT)],
)
def test_a_job_of_slurm_that_is_not_over_counts_as_living(word: str, state: NativeState) -> None:
    assert slurm_books.controller(SHOWN.format(state=word, nodes="n1"), "kit") == {"7": ("kit-1", 2048, state)}


def test_what_sbatch_refused_is_no_job() -> None:
    assert slurm_books.controller(SHOWN.format(state="FAILED", nodes="(null)"), "kit") == {}
    assert slurm_books.completed(COMPLETED.replace("COMPLETED", "FAILED").replace("NodeList=n1", "NodeList=(null)"), "kit") == {}


def test_jobcomp_has_what_the_controller_forgot_and_no_line_that_is_still_written() -> None:
    half = COMPLETED.replace("JobId=7", "JobId=9").partition(" DerivedExitCode")[0]

    assert slurm_books.completed(COMPLETED + half, "kit") == {"7": ("kit-1", 2000, FINISHED)}


def an_ad(status: int, **more: object) -> dict[str, object]:
    return {"ClusterId": 1, "ProcId": 0, "CulmWorker": "kit-1", "Owner": "u", "RequestMemory": 1000, "JobStatus": status, **more}


@pytest.mark.parametrize(
    "ad",
    [
        an_ad(1), an_ad(2), an_ad(3), an_ad(4, ExitCode=0, ExitBySignal=False), an_ad(4, ExitCode=1, ExitBySignal=False),
        an_ad(4, ExitCode=0, ExitBySignal=True, ExitSignal=9), an_ad(5), an_ad(6), an_ad(7),
    ],
)  # fmt: skip
def test_htcondors_books_mean_by_a_job_what_the_plugin_means(ad: dict[str, object]) -> None:
    (shown,) = htcondor_words.jobs(json.dumps([ad]).encode(), "kit", "u").workers

    assert state_of(ad) is shown.state


def test_a_job_that_moves_from_the_queue_to_the_history_is_there_once() -> None:
    assert [ad["JobStatus"] for ad in once_each([an_ad(2), an_ad(4, ExitCode=0)])] == [4]


@pytest.mark.parametrize(
    ("conditions", "state"),
    [
        ([], RUNNING),
        ([{"type": "FailureTarget", "status": "True"}], RUNNING),
        ([{"type": "Complete", "status": "True"}], FINISHED),
        ([{"type": "Failed", "status": "True"}], FAILED),
        ([{"type": "Failed", "status": "False"}], RUNNING),
    ],
)
def test_a_job_of_kubernetes_is_over_when_its_controller_says_so(conditions: list[dict[str, str]], state: NativeState) -> None:
    containers = [{"resources": {"requests": {"memory": "1000Mi"}}}]
    job = {
        "metadata": {"name": "kit-1"},
        "spec": {"template": {"spec": {"containers": containers}}},
        "status": {"conditions": conditions},
    }

    assert in_books(job) == ("kit-1", 1000, state)

