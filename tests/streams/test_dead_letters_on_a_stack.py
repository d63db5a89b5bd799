"""From a bug in a choice to a job that runs: the task says which letter holds it, and the retry lets it go on."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.stack import Stack
from process.kafka_security import environment_of
from tests.monitor.manual_actors import ManualActors, token_of, until

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parent.parent.parent


@contextmanager
def processors_with_a_bug(stack: Stack, choice: str, log: Path) -> Iterator[None]:
    """The stack's processors make way for ones in which `choice` raises."""
    stack.supervisor.stop("processors")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CULM_")}
    environ |= {**environment_of(stack.config.kafka), "CULM_REGISTRY": stack.config.registry, "CULM_API": stack.config.api}
    command = [sys.executable, "-m", "tests.streams.planted_worker", choice]
    with log.open("wb") as output, subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)
            stack.supervisor.start("processors")


def culm(stack: Stack, *words: str) -> str:
    """What `culm` prints to an operator."""
    token = token_of(stack, "pagesop", "wlcg/operator", "wlcg/production")
    environ = {**os.environ, "CULM_API": stack.config.api, "CULM_TOKEN": token, "CULM_VO": "wlcg"}
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", *words], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def the_task(actors: ManualActors, task_id: int) -> dict[str, Any]:
    found: dict[str, Any] = actors.user.get(f"/v1/tasks/{task_id}").json()
    return found


@pytest.mark.parametrize("choice", ["refine", "generate"])
def test_a_task_whose_record_met_a_bug_waits_with_the_letter_and_runs_after_the_retry(
    stack: Stack, actors: ManualActors, tmp_path: Path, choice: str
) -> None:
    with processors_with_a_bug(stack, choice, tmp_path / "processors.log"):
        task_id = actors.submit()
        until(lambda: "set aside" in (the_task(actors, task_id).get("message") or ""), 90)

    parked = the_task(actors, task_id)
    assert parked["status"] == "pending"
    found = re.fullmatch(rf"set aside: dead letter (\S+), reaction {choice} met a bug", parked["message"])
    assert found, parked["message"]
    letter = found.group(1)
    assert letter in culm(stack, "why", "task", str(task_id))
    assert letter in culm(stack, "dead-letter", "list")
    assert "KeyError: 'planted'" in culm(stack, "dead-letter", "show", letter)

    for _ in range(2):
        assert culm(stack, "dead-letter", "retry", letter) == f"dead letter {letter} is being tried again\n"
    job = actors.lease(task_id)
    actors.finish(job)

    until(lambda: the_task(actors, task_id)["status"] == "done", 60)
    assert len(actors.user.get(f"/v1/tasks/{task_id}/jobs").json()["jobs"]) == 1


def test_a_letter_that_does_not_exist_is_named(actors: ManualActors) -> None:
    answer = actors.operator.post("/v1/dead-letters/no-such-letter/retry")

    assert (answer.status_code, answer.json()["detail"]) == (404, "no dead letter 'no-such-letter'")
    assert actors.user.get("/v1/dead-letters").status_code == 403
