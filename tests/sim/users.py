"""Users of the simulation: tasks, names in chunks, a task beside its parent, and what they change their minds about."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.dataset import RegisterFiles
from schemas.ids import job_id_of
from schemas.job import KillJob
from schemas.task import (
    AddInputNames,
    ChangeTaskPriority,
    DropInput,
    FinishTask,
    ForceAvalanche,
    HoldInput,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    ReassignTask,
    ReleaseInput,
    ReloadTask,
    ResumeTask,
    RetryTask,
    SubmitTask,
)
from schemas.types import (
    DatasetFile,
    DatasetRole,
    NameList,
    UnitRange,
)
from tests.sim.actors import QUEUES, Calls
from tests.streams.builders import a_submission, a_submission_with_input

#: The tasks of the last are in no share.
CAMPAIGNS = ("DP1", "DP2", "none")
FIRST_TASK = 10_000_001
TASKS_MAX = 4
#: Of all tasks, which one reads what the others write while they work.
CHILD = 3
MADE = "user.jdoe.test2_out.txt"
EVENTS = "user.jdoe.evnt"
MERGE = "-r . -a jobO.tar.gz ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}"
#: Asks for a library that the task has not; it breaks the task when everything else is done.
BAD_MERGE = "-r . -l ${LIB} ${TRN_OUTPUT:OUTPUT} ${TRN_LOG:LOG}"


@dataclass(slots=True)
class NamesUnderWay:
    """A submission whose names are sent chunk by chunk. forgotten: the user sends no more of them."""

    task: int
    names: list[str]
    chunk: int = 0
    forgotten: bool = False


class User:
    """Submits tasks, some with their names in chunks, which now and then stop half-way, and interferes with them.

    A person who was revoked does nothing more; another one comes, with tasks of its own.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.name = "jdoe"
        self.people = 1
        #: Of all people who were here, and of the one who is.
        self.tasks: list[int] = []
        self.own: list[int] = []
        self.under_way: list[NamesUnderWay] = []
        #: Whether the first tasks are of an event service.
        self.event_service = False
        self._doings: tuple[Callable[[random.Random], Any], ...] = (
            lambda chance: KillTask(),
            lambda chance: FinishTask(soft=chance.random() < 0.5),
            *(2 * (lambda chance: RetryTask(),)),
            lambda chance: PauseTask(),
            *(2 * (lambda chance: ResumeTask(),)),
            lambda chance: ForceAvalanche(),
            lambda chance: ReloadTask(parameters_json="{}"),
            lambda chance: IncreaseAttempts(increase=chance.randint(0, 2)),
            lambda chance: chance.choice((HoldInput, ReleaseInput, DropInput))(
                units=(UnitRange(first=chance.randint(1, 3), last=chance.choice((3, 1_000_000))),)
            ),
            lambda chance: ChangeTaskPriority(priority=chance.randint(0, 2000)),
            lambda chance: ReassignTask(site=chance.choice(QUEUES), mode=chance.choice(("kill", "soft", "nokill"))),
        )

    def step(self, chance: random.Random) -> None:
        """Submit a task, or do something to one."""
        self._is_let_in()
        if len(self.own) < TASKS_MAX and (not self.own or chance.random() < 0.5):
            self._submit(chance)
            return
        if self.under_way and chance.random() < 0.6:
            self._add_names(chance.choice(self.under_way), chance)
            return
        task = chance.choice(self.own)
        if chance.random() < 0.2:
            job = job_id_of(task, chance.randint(1, 6))
            self._say(KillJob(code=chance.choice((2, 4, 9, 50, 51))), str(job))
        else:
            self._say(chance.choice(self._doings)(chance), str(task))

    def resume_all(self) -> None:
        """Let nothing stay paused, and no input held; an operator does that for those who were revoked."""
        for task in self.tasks:
            for command in (ResumeTask(), ReleaseInput(units=(UnitRange(first=1, last=1_000_000),))):
                if not (self._is_let_in() and task in self.own):
                    self._calls.make(command, str(task), "ops", "operator")
                else:
                    self._say(command, str(task))

    def _is_let_in(self) -> bool:
        """Whether the person of now is; another takes the place of one who is not."""
        if not self._calls.refuses(self.name):
            return True
        for one in self.under_way:
            one.forgotten = True
        self.people += 1
        self.name, self.own = f"jdoe{self.people}", []
        return False

    def _say(self, command: Any, aggregate_id: str) -> None:
        self._calls.make(command, aggregate_id, self.name, "user")

    def finish_names(self) -> bool:
        """Send what is still to come, but of submissions that were forgotten; true when there are such."""
        self._is_let_in()
        forgotten = any(one.forgotten for one in self.under_way)
        for one in self.under_way:
            while one.names and not one.forgotten:
                self._next_chunk(one, 2)
        self.under_way.clear()
        return forgotten

    def _add_names(self, one: NamesUnderWay, chance: random.Random) -> None:
        if chance.random() < 0.15:
            one.forgotten = True
        elif not one.forgotten:
            self._next_chunk(one, chance.randint(1, 3))
            if chance.random() < 0.2:
                self._calls.repeat(len(self._calls.sent) - 1)
        if not one.names:
            self.under_way.remove(one)

    def _next_chunk(self, one: NamesUnderWay, count: int) -> None:
        chunk = AddInputNames(chunk=one.chunk, list="pfnList", names=tuple(one.names[:count]))
        self._say(chunk, str(one.task))
        one.names, one.chunk = one.names[count:], one.chunk + 1

    def _submit(self, chance: random.Random) -> None:
        number = FIRST_TASK + len(self.tasks)
        self.tasks.append(number)
        self.own.append(number)
        if self.event_service and len(self.tasks) in (1, 2):
            self._submit_event_service(number)
            return
        if len(self.tasks) == CHILD:
            self._submit_child(number, chance)
            return
        parameters = a_submission(nEvents=chance.choice((1, 2, 3, 4, 5, 6, 14)), nEventsPerJob=chance.randint(1, 2))
        if self.people > 1:  # whose scope is another
            parameters = json.loads(json.dumps(parameters).replace("user.jdoe", f"user.{self.name}"))
        parameters["taskName"] = f"user.{self.name}.t{number}/"
        parameters["campaign"] = CAMPAIGNS[number % len(CAMPAIGNS)]
        if chance.random() < 0.4:
            template = MERGE if chance.random() < 0.9 else BAD_MERGE
            parameters |= {"mergeOutput": True, "mergeSpec": {"useLocalIO": 1, "jobParameters": template}}
        names = [f"root://se//f{place}" for place in range(chance.randint(2, 7))] if chance.random() < 0.35 else []
        if names:
            parameters |= {"pfnList": [], "nFilesPerJob": chance.randint(1, 2), "nEvents": None, "nEventsPerJob": None}
            self.under_way.append(NamesUnderWay(number, names))
        command = SubmitTask(
            task_id=number,
            name=f"user.{self.name}.t{number}/",
            user_name="Jane Doe",
            nickname=self.name,
            label="user",
            priority=1000,
            parameters_json=json.dumps(parameters),
            lists=(NameList(list="pfnList", count=len(names)),) if names else (),
        )
        self._say(command, str(number))

    def _submit_event_service(self, number: int) -> None:
        """A task whose jobs take ranges of the events of their files, and whose results are merged."""
        parameters = a_submission_with_input(nEventsPerWorker=10, dsForIN=EVENTS, esmergeSpec={"jobParameters": MERGE})
        parameters = json.loads(json.dumps(parameters).replace("user.jdoe.hdf.tiles", EVENTS))
        parameters["taskName"] = f"user.{self.name}.t{number}/"
        (item,) = (one for one in parameters["jobParameters"] if one.get("param_type") == "input")
        del item["exclude"]
        command = SubmitTask(
            task_id=number,
            name=f"user.{self.name}.t{number}/",
            user_name="Jane Doe",
            nickname=self.name,
            label="user",
            priority=1000,
            parameters_json=json.dumps(parameters),
        )
        self._say(command, str(number))

    def register_events(self) -> None:
        """Register the files with events that such tasks read."""
        files = tuple(
            DatasetFile(lfn=f"evnt{number}", scope="user.jdoe", size_bytes=1, checksum="ad:1", endpoint="SE", events=events)
            for number, events in enumerate((95, 20, 40))
        )
        self._say(RegisterFiles(files=files, role=DatasetRole.INPUT), EVENTS)

    def _submit_child(self, number: int, chance: random.Random) -> None:
        """A task that takes the outputs of the others while they make them, beside one of them or without a parent."""
        parent = chance.choice((None, *self.tasks[:-1]))
        parameters = a_submission_with_input(dsForIN=MADE, nFilesPerJob=chance.randint(1, 2))
        parameters = json.loads(json.dumps(parameters).replace("user.jdoe", f"user.{self.name}"))
        parameters["taskName"] = f"user.{self.name}.t{number}/"
        (item,) = (one for one in parameters["jobParameters"] if one.get("param_type") == "input")
        item["dataset"] = MADE
        del item["exclude"]
        parameters |= {"waitInput": True} if parent is None else {"noWaitParent": chance.random() < 0.8}
        command = SubmitTask(
            task_id=number,
            name=f"user.{self.name}.t{number}/",
            user_name="Jane Doe",
            nickname=self.name,
            label="user",
            priority=1000,
            parent_task_id=parent,
            parameters_json=json.dumps(parameters),
        )
        self._say(command, str(number))
