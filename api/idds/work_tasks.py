"""The tasks of a workflow's works: what each is submitted with, and its submission in the name of the one who sent the workflow.

In: the compiled graph, with the names of its jobs. Out: tasks that hold all input until the workflow releases it, each known to
its work. Invariants: what cannot be registered is named before anything of the request is in the log; the id of a task is claimed
by a key that follows from request and work, so that a submission that is repeated finds the same tasks and makes no second ones.
Source: docs/reference/idds.md, "Works as tasks"; docs/decisions/0108.
"""

import asyncio
import json
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from api.http.errors import BadRequest, NotServed
from api.idds.calls import IddsRequest
from api.log.long_lists import PFN_LIST, LongList, problems_of_lists, taken_out
from api.log.stored_parameters import stored_parameters
from api.log.submission import MANDATORY, Registrar, WorkOrigin
from api.log.submitted_parameters import PROBLEMS_MAX, problems_in
from identity.identity import Identity
from schemas.ids import caused_command_id
from schemas.server_address import SERVER
from schemas.types import LinkDefinition
from streams.idds.compile import CompiledGraph, CompiledWork
from streams.idds.compile_tasks import WRAPPERS, TaskOrigin, task_parameters
from streams.idds.faults import RequestFault, written

#: Works whose tasks are on their way at once.
UNDER_WAY_MAX = 8
#: Left out: in the reference it makes input wait for staging until the workflow releases it, here the task is held by its
#: submission; and a work is never another execution of a task of the same name.
LEFT_OUT = ("inputPreStaging", "uniqueTaskName")
#: The site of the queues; beside a queue (`site`) it says nothing more.
SITE_OF_QUEUES = "PandaSite"
#: Where wrappers of works are served: at an outside address in the reference, here by the server itself.
OWN_WRAPPERS = f"{SERVER}/trf/user/"
#: Of a work that says none, as in the reference.
LABEL_MISSING = "test"


@dataclass(frozen=True, slots=True)
class WorkTask:
    """A task that is to be submitted. number: of its work, from 0. lists: names that travel apart from the parameters."""

    number: int
    parameters: dict[str, Any]
    lists: tuple[LongList, ...]
    input_held: bool


def work_tasks(
    graph: CompiledGraph, request_id: int, identity: Identity, waiting: frozenset[str] = frozenset()
) -> Iterator[WorkTask]:
    """Of all works in their order, those that are `waiting` for a condition as well, by their ids.

    Raises BadRequest, NotServed for what a task cannot be made of.
    """
    for number, work in enumerate(graph.works):
        parameters = task_parameters(work, TaskOrigin(request_id, number + 1, identity.user_name))
        if isinstance(parameters, RequestFault):
            raise BadRequest(f"{parameters.place}: {parameters.message}")
        yield _work_task(number, work, parameters, identity, waits=work.plan.work_id in waiting)


def _work_task(
    number: int, work: CompiledWork, parameters: dict[str, Any], identity: Identity, *, waits: bool
) -> WorkTask:
    # What is null stays: the reference sends it so, and a key must be there to be refined.
    given = {name: value for name, value in parameters.items() if name not in LEFT_OUT}
    given |= {"vo": given.get("vo") or identity.vo, "prodSourceLabel": given.get("prodSourceLabel") or LABEL_MISSING}
    given["transPath"] = given["transPath"].replace(WRAPPERS, OWN_WRAPPERS)
    stored, lists = taken_out(stored_parameters(given, identity))
    site = stored.pop(SITE_OF_QUEUES, None)
    if site and not stored.get("site"):
        place = written((*work.plan.place, "task_site"))
        raise NotServed(f"{place}: a site apart from a queue is not supported by this server yet; name the queue")
    missing = [f"{name}: missing" for name in MANDATORY if not stored.get(name)]
    names = LongList(PFN_LIST, tuple(given[PFN_LIST]))
    problems = [*missing, *problems_in(stored), *islice(problems_of_lists((names,)), PROBLEMS_MAX)]
    if problems:
        raise BadRequest(f"{written(work.plan.place)}: its task cannot be registered: {'; '.join(problems[:PROBLEMS_MAX])}")
    return WorkTask(number, stored, lists, waits or bool(work.names))


def check_linked(task: WorkTask, links: Sequence[LinkDefinition]) -> None:
    """Raise BadRequest for a link whose values the task could not have been submitted with."""
    for one in links:
        if one.target == task.number and (problems := problems_in({**task.parameters, **json.loads(one.parameters_json)})):
            raise BadRequest(f"link {one.link_id} to work {task.number}: {'; '.join(problems[:PROBLEMS_MAX])}")


class WorkSubmission:
    """Submits the tasks of one workflow. cause: what all ids of its commands follow from. waiting: ids of works that wait."""

    def __init__(
        self, asked: IddsRequest, graph: CompiledGraph, cause: str, wait_seconds: float, waiting: frozenset[str]
    ) -> None:
        self._asked, self._graph, self._cause, self._wait_seconds = asked, graph, cause, wait_seconds
        self._waiting = waiting

    async def submit(self, request_id: int) -> None:
        """Every work gets its task; raises BadRequest with the first refusal."""
        under_way: deque[asyncio.Task[None]] = deque()
        try:
            for task in work_tasks(self._graph, request_id, self._asked.identity, self._waiting):
                if len(under_way) >= UNDER_WAY_MAX:
                    await under_way.popleft()
                under_way.append(asyncio.create_task(self._register(task, request_id)))
            while under_way:
                await under_way.popleft()
        finally:
            await asyncio.gather(*under_way, return_exceptions=True)

    async def _register(self, task: WorkTask, request_id: int) -> None:
        services = self._asked.services
        registrar = Registrar(
            services.gateway,
            services.read_models,
            services.numbers,
            self._asked.identity,
            caused_command_id(self._cause, "SubmitTask", str(request_id), task.number),
            None,
            self._wait_seconds,
            task.lists,
            WorkOrigin(request_id, task.number, task.input_held),
        )
        submission = await registrar.register(task.parameters, None)
        if not submission.accepted:
            raise BadRequest(f"work {task.number} of workflow {request_id}: {submission.message}")
