"""A person with workflows: jobs that wait for each other, conditions between works, workflows within; and second thoughts."""

import json
import random
from collections.abc import Callable
from typing import Any

from schemas.task import SubmitTask
from schemas.workflow import (
    AbortWorkflow,
    CloseWorkflow,
    FinishWorkflow,
    ResumeWorkflow,
    RetryWorkflow,
    SubmitWorkflow,
    SuspendWorkflow,
)
from tests.commands.test_workflow_conditions_random import Flow
from tests.commands.workflow_scenes import compiled, conditions_of, submission
from tests.sim.actors import Calls
from tests.streams.builders import a_submission

NAME = "flora"
FIRST_REQUEST, FIRST_TASK = 501, 10_500_001
FLOWS_MAX = 2
#: The file of a work without jobs.
PSEUDO_FILE = "pseudo_file"


class FlowUser:
    """Submits workflows with the tasks of all their works, and interferes with them.

    As the front for iDDS it waits for the answers to one part of a submission before it sends the next: announcement and works,
    then tasks, then the seal.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.requests: list[int] = []
        self.tasks = 0
        #: What is to be sent of submissions, and the calls whose answers they wait for.
        self._parts: dict[int, list[Callable[[], list[str]]]] = {}
        self._awaited: dict[int, list[str]] = {}
        self._doings: tuple[Callable[[], Any], ...] = (
            AbortWorkflow, FinishWorkflow, CloseWorkflow, SuspendWorkflow, *(2 * (ResumeWorkflow,)), *(3 * (RetryWorkflow,)),
        )  # fmt: skip

    def step(self, chance: random.Random) -> None:
        """Submit a workflow or the next part of one, or do something to one."""
        self.go_on()
        if not self.requests or (len(self.requests) < FLOWS_MAX and chance.random() < 0.3):
            self._submit(chance)
        elif chance.random() < 0.5:
            self._say(chance.choice(self._doings)(), chance.choice(self.requests))

    def go_on(self) -> bool:
        """Send the next parts of submissions whose last ones were answered; true while there are more."""
        for request, parts in self._parts.items():
            self._awaited[request] = [one for one in self._awaited[request] if self._calls.answers.of(one) is None]
            if parts and not self._awaited[request]:
                self._awaited[request] = parts.pop(0)()
        return any(self._parts.values())

    def resume_all(self) -> None:
        """Let none rest."""
        for request in self.requests:
            self._say(ResumeWorkflow(), request)

    def _say(self, command: Any, aggregate_id: int) -> str:
        return self._calls.make(command, str(aggregate_id), NAME, "user")

    def _submit(self, chance: random.Random) -> None:
        drawn = Flow(random.Random(chance.getrandbits(32)))
        graph, conditions = compiled(drawn.plan), conditions_of(drawn.plan)
        request = FIRST_REQUEST + len(self.requests)
        self.requests.append(request)
        announced, *parts, seal = submission(graph, conditions=conditions)
        totals = {name: getattr(announced, name) for name in ("works", "nodes", "edges", "conditions")}
        announced = SubmitWorkflow(request_id=request, digest=f"d{request}", **totals)

        def tasks() -> list[str]:
            return [
                self._submit_task(
                    request, number, list(work.names) or [PSEUDO_FILE],
                    held=bool(work.names) or work.plan.work_id in conditions.waiting,
                )
                for number, work in enumerate(graph.works)
            ]  # fmt: skip

        self._parts[request] = [tasks, lambda: [self._say(seal, request)]]
        self._awaited[request] = [self._say(command, request) for command in (announced, *parts)]

    def _submit_task(self, request: int, work: int, names: list[str], *, held: bool) -> str:
        task = FIRST_TASK + self.tasks
        self.tasks += 1
        parameters = a_submission(pfnList=names, nFilesPerJob=1, nEvents=None, nEventsPerJob=None, skipScout=True)
        parameters = json.loads(json.dumps(parameters).replace("user.jdoe", f"user.{NAME}"))
        parameters["taskName"] = f"user.{NAME}.t{task}/"
        command = SubmitTask(
            task_id=task,
            name=f"user.{NAME}.t{task}/",
            user_name="Flora Doe",
            nickname=NAME,
            label="user",
            priority=1000,
            parameters_json=json.dumps(parameters),
            request_id=request,
            work=work,
            input_held=held,
        )
        return self._say(command, task)
