"""Commanding calls below `task/`: submit, kill, finish, retry and the like, in the reference server's words.

Rights and states are decided by the Task decider; here its refusal becomes PanDA's code and sentence
(docs/reference/client.md, "Task control").
"""

from typing import Any

import orjson

from api.http.own_addresses import own_addresses
from api.log.submission import REEXECUTED, submit_task
from api.log.submitted_parameters import odd_texts_in
from api.panda.calls import Call
from api.panda.envelope import Reply, done, failed
from api.panda.sending import send
from api.panda.task_reads import task_row
from schemas.answer import CommandAnswered
from schemas.task import (
    FinishTask,
    ForceAvalanche,
    IncreaseAttempts,
    KillTask,
    PauseTask,
    ReassignTask,
    ReleaseInput,
    ReloadTask,
    ResumeTask,
    RetryTask,
    TaskCommand,
)
from schemas.types import UnitRange

SERVER_ERROR, NOT_FOUND, NO_RIGHT, WRONG_STATUS = 1, 2, 3, 4
#: pbook takes 3 after a retry with new parameters, and 1 (which equals true) after one without, for success.
MISREAD_BY_RETRY = frozenset({SERVER_ERROR, NO_RIGHT})
AT_WORK = frozenset({"running", "scouting", "ready", "pending"})
ATTEMPTS_ADDED = 5
ALL_INPUT = UnitRange(first=1, last=1_000_000)


async def submit(call: Call) -> Reply:
    """Register a task; the client reads its id from `jediTaskID=<n>` in the message."""
    submission = await submit_task(
        call.services.gateway,
        call.services.read_models,
        call.services.numbers,
        call.identity,
        call["task_parameters"],
        parent_task_id=call["parent_tid"],
        wait_seconds=call.services.config.answer_seconds,
        own_addresses=own_addresses(call.request, call.services.config.addresses),
        has_secrets=lambda: call.services.secrets.has_any(call.identity),
    )
    if not submission.accepted:
        return failed(submission.message, submission.code)
    return done(submission.code if submission.code == REEXECUTED else submission.task_id, submission.message)


async def kill(call: Call) -> Reply:
    """Kill the task and its jobs."""
    return await _command(call, "kill", KillTask())


async def finish(call: Call) -> Reply:
    """End the task with what it has."""
    return await _command(call, "finish", FinishTask(soft=call["soft"]))


async def pause(call: Call) -> Reply:
    """Make and dispatch no jobs until resumed."""
    return await _command(call, "pause", PauseTask())


async def resume(call: Call) -> Reply:
    """Go on."""
    return await _command(call, "resume", ResumeTask())


async def release(call: Call) -> Reply:
    """Let jobs be made of all input that is held."""
    return await _command(call, "release", ReleaseInput(units=(ALL_INPUT,)))


async def avalanche(call: Call) -> Reply:
    """Make all jobs without waiting for the verdict on the scouts."""
    return await _command(call, "avalanche", ForceAvalanche())


async def reload_input(call: Call) -> Reply:
    """Execute again over old and new input."""
    return await _command(call, "incexec", ReloadTask())


async def reactivate(call: Call) -> Reply:
    """Recycle a finished task: the same as executing it again."""
    return await _command(call, "reactivate", ReloadTask())


async def reassign(call: Call) -> Reply:
    """Other queues or another nucleus for the task, which goes back to the status that it has."""
    mode, nucleus = call["mode"] or "kill", call["nucleus"] or None
    command = ReassignTask(site=call["site"], cloud=call["cloud"], mode=mode, nucleus=nucleus)
    return await _command(call, "reassign", command)


async def retry(call: Call) -> Reply:
    """New attempts; `data` must be 0 without and 3 with new parameters, for any value of `success`."""
    if call["new_parameters"]:
        problems = odd_texts_in(call["new_parameters"])
        if problems:
            return failed(f"Command rejected: new_parameters: {'; '.join(problems[:5])} ")
        return await _retry_differently(call, call["new_parameters"])
    row = await task_row(call)
    if row is not None and row["status"] in AT_WORK and row["label"] == "user":
        answer = await _send(call, IncreaseAttempts(increase=ATTEMPTS_ADDED))
        if answer is not None and answer.accepted:
            return done(0, f"retry has been triggered for failed jobs while the task is still {row['status']}")
        if answer is None or answer.reason != "WRONG_STATUS":
            return await refused(call, answer, "retry")
    return await _command(call, "retry", RetryTask(beyond_limits=call["ignore_hard_exhausted"]))


async def _retry_differently(call: Call, new: dict[str, Any]) -> Reply:
    text = orjson.dumps(_converted(new)).decode()
    answer = await _send(call, RetryTask(parameters_json=text, beyond_limits=call["ignore_hard_exhausted"]))
    if answer is None or not answer.accepted:
        return await refused(call, answer, "retry")
    task = f"jediTaskID={call['task_id']}"
    return done(REEXECUTED, f"reactivation accepted. {task} will be re-executed with old and/or new input")


async def increase_attempts(call: Call) -> Reply:
    """More attempts for every input unit: data 0, 1 unknown task, 2 wrong status."""
    answer = await _send(call, IncreaseAttempts(increase=call["increase"]))
    if answer is not None and answer.accepted:
        return done(0, "succeeded")
    code = 1 if answer is not None and await _is_unknown(call, answer) else 2
    return failed(_not_found(call) if code == 1 else _sentence(answer), code)


async def _command(call: Call, name: str, command: TaskCommand) -> Reply:
    answer = await _send(call, command)
    if answer is not None and answer.accepted:
        message = f"command={name} is registered for task ID {call['task_id']}. will be executed in a few minutes"
        return done(0, message)
    return await refused(call, answer, name)


async def _send(call: Call, command: TaskCommand) -> CommandAnswered | None:
    return await send(call, command, "task", call["task_id"])


async def refused(call: Call, answer: CommandAnswered | None, name: str) -> Reply:
    """PanDA's code and sentence for a command that was refused, or not answered."""
    code, message = await _refusal(call, answer, name)
    return failed(message, None if name == "retry" and code in MISREAD_BY_RETRY else code)


async def _refusal(call: Call, answer: CommandAnswered | None, name: str) -> tuple[int, str]:
    if answer is None:
        return SERVER_ERROR, f"command={name}: no answer in time, it may still be carried out"
    if await _is_unknown(call, answer):
        return NOT_FOUND, _not_found(call)
    if answer.reason == "NOT_PERMITTED":
        return NO_RIGHT, _sentence(answer)
    return WRONG_STATUS, f"Command rejected: {_sentence(answer)} "


async def _is_unknown(call: Call, answer: CommandAnswered) -> bool:
    """True for a task that is not there; one of another VO is not there either."""
    return answer.reason == "UNKNOWN_TASK" or (answer.reason == "NOT_PERMITTED" and await task_row(call) is None)


def _not_found(call: Call) -> str:
    return f"Task {call['task_id']} is not found"


def _sentence(answer: CommandAnswered | None) -> str:
    return "no answer in time" if answer is None else answer.message or answer.reason or "refused"


def _converted(parameters: dict[str, Any]) -> dict[str, Any]:
    """New parameters as tasks store them: queue lists are comma texts, `loopingCheck` is kept inverted."""
    new = dict(parameters)
    for name in ("excludedSite", "includedSite"):
        if isinstance(new.get(name), str):
            new[name] = [part.strip() for part in new[name].split(",") if part.strip()]
    if "loopingCheck" in new:
        new["noLoopingCheck"] = not new.pop("loopingCheck")
    return new
