"""Commanding calls on jobs: kill, reassign, set_command, and all jobs of a task at once.

Whose a job is and what its status allows is decided by the Job decider; a list of ids gets a list of booleans, in its order
(docs/reference/client.md, "Jobs"; docs/reference/jedi.md, "Kill codes").
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from api.panda.arguments import BadArgument
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.jobs import FINAL, ids_of, rows_of
from api.panda.sending import ask
from api.panda.task_reads import task_row
from api.queries import jobs
from api.queries.read_models import Row
from identity.rights import may_act_on, problem_of_class
from identity.ruling import EndpointClass
from schemas.characters import WORD
from schemas.job import KillJob

KILL_BY_USER, REASSIGNED = 3, 51
KILL_CODES = (2, 3, 4, 7, 8, 9, 10, 50, 51, 52, 55, 60, 91, 99)
#: Commands that wait for their answers at the same time.
AT_ONCE = 200
KEEP_UNMERGED, SUB_STATUS, SUB_STATUS_MAX = "keepUnmerged", "jobSubStatus=", 64
WHY = "killed through the PanDA API"


async def kill(call: Call) -> Reply:
    """True for each job that is killed, or is about to be; false for one that has ended, and for one of another user."""
    ids = ids_of(call)
    return await _kill_all(call, ids, KillJob(code=_code(call), reason=WHY, **_options(call.arguments.get("kill_options"))))


async def kill_unfinished_jobs(call: Call) -> Reply:
    """The same for every job of the task that has not ended, by their ids."""
    if await task_row(call) is None:
        return failed(f"Task {call['task_id']} is not found")
    rows = await jobs.unfinished_of_task(call.services.read_models, call.identity.vo, call["task_id"])
    return await _kill_all(call, [row["job_id"] for row in rows], KillJob(code=_code(call), reason=WHY))


async def reassign(call: Call) -> Reply:
    """Waiting jobs go back to their tasks, which make others of their input; one that a pilot holds stays."""
    return await _kill_all(call, ids_of(call), KillJob(code=REASSIGNED, reason="reassigned through the PanDA API"))


async def set_command(call: Call) -> Reply:
    """An order for the pilot that holds the job: to stop."""
    problem = problem_of_class(call.identity, EndpointClass.OPERATOR)
    if problem:
        return failed(problem)
    if call["command"] != "tobekilled":
        raise BadArgument(f"Argument error: command is {call['command'][:60]!r}, expected tobekilled")
    reply = await _kill_all(call, [call["job_id"]], KillJob(code=KILL_BY_USER, reason="ordered through the PanDA API"))
    if call.options.dry_run or reply.data == [True]:
        return reply if call.options.dry_run else done(None, f"PandaID={call['job_id']}: its pilot is ordered to stop")
    return failed(f"PandaID={call['job_id']} is not there, or has ended")


async def _kill_all(call: Call, ids: Sequence[int], command: KillJob) -> Reply:
    if call.options.at is not None:
        raise BadArgument("Argument error: 'at' is for commands on tasks, expected none")
    rows = await rows_of(call, ids)
    killed: list[bool] = []
    for first in range(0, len(ids), AT_ONCE):
        killed += await asyncio.gather(*(_kill_one(call, rows.get(one), command) for one in ids[first : first + AT_ONCE]))
    if call.options.dry_run:
        return done({"jobs": sum(killed), "input_units": 0}, f"dry run: {sum(killed)} jobs")
    return done(killed)


async def _kill_one(call: Call, row: Row | None, command: KillJob) -> bool:
    if row is None or not may_act_on(call.identity, row["owner"], row["vo"]):
        return False
    answer = await ask(call, command, "job", row["job_id"])
    if answer is None or not answer.accepted:
        return False
    if call.options.dry_run:
        return bool(answer.jobs_hit)
    if answer.event_types:
        return True
    # Nothing was left to do: the kill was ordered before, or the job has ended.
    now = (await rows_of(call, [row["job_id"]])).get(row["job_id"])
    return now is not None and now["status"] not in FINAL


def _code(call: Call) -> int:
    code: int = call["code"] or KILL_BY_USER
    if code not in KILL_CODES:
        raise BadArgument(f"Argument error: code is {code}, expected one of {', '.join(map(str, KILL_CODES))}")
    return code


def _options(given: list[Any] | None) -> dict[str, Any]:
    """`keepUnmerged` and `jobSubStatus=WORD`; raises BadArgument for another."""
    found: dict[str, Any] = {}
    for one in given or ():
        word = one.removeprefix(SUB_STATUS) if isinstance(one, str) else ""
        if one == KEEP_UNMERGED:
            found["keep_unmerged"] = True
        elif isinstance(one, str) and one.startswith(SUB_STATUS) and 0 < len(word) <= SUB_STATUS_MAX and WORD.takes(word):
            found["sub_status"] = word
        else:
            expected = f"expected {KEEP_UNMERGED} or {SUB_STATUS} and a word of up to {SUB_STATUS_MAX} characters"
            raise BadArgument(f"Argument error: kill_options holds {str(one)[:60]!r}, {expected}")
    return found
