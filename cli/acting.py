"""`culm kill|retry|finish|pause|resume|set-priority`: tasks and jobs, one, many, or all that fit a filter.

Each becomes one command with the reason; what the deciders answer is said for each. With `--dry-run` they decide and touch
nothing, and the counts are those that the commands would have.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cli.api_client import ApiClient, api_client
from cli.kinds import KINDS, filters_of, plural_of
from cli.lists import rows_of
from cli.tables import FormOption, JsonOption, form_of, write_rows
from deploy.errors import StepFailed

TARGETS_MAX = 100_000
AT_ONCE = 8
COLUMNS = ("kind", "id", "accepted", "jobs_hit", "units_hit", "message")

Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="tasks; of `kill` also jobs.", autocompletion=lambda: ["tasks", "jobs"])
]
Which = Annotated[
    list[str], typer.Argument(metavar="ID... | FIELD=VALUE...", help="Numbers, or the filters of `culm get`.")
]
Reason = Annotated[str, typer.Option("--reason", "-r", help="Why; it is kept with each command and shown to owners.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Decide and count, change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before all that fit a filter are changed.")]


@dataclass(frozen=True, slots=True)
class ActingOrder:
    """What is asked for. body: fields of the command beside the reason."""

    kind: str
    which: Sequence[str]
    command: str
    reason: str
    dry_run: bool
    yes: bool
    form: str
    body: Mapping[str, Any]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    for command in (kill, retry, finish, pause, resume):
        app.command()(command)
    app.command("set-priority")(set_priority)


def kill(
    kind: Kind, which: Which, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False,
    output: FormOption = "table", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Kill tasks or jobs."""
    command = {"tasks": "KillTask", "jobs": "KillJob"}.get(plural_of(kind))
    if command is None:
        raise typer.BadParameter(f"found {kind[:40]!r}, expected tasks or jobs")
    _carry_out(ActingOrder(plural_of(kind), which, command, reason, dry_run, yes, form_of(output, as_json), {}))


def retry(
    kind: Kind, which: Which, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False,
    output: FormOption = "table", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Process again what failed of tasks that ended."""
    _carry_out(ActingOrder(_tasks(kind), which, "RetryTask", reason, dry_run, yes, form_of(output, as_json), {}))


def finish(
    kind: Kind, which: Which, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False,
    now: Annotated[bool, typer.Option("--now", help="Kill the running jobs, too.")] = False,
    output: FormOption = "table", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """End tasks when their running jobs have ended."""
    _carry_out(ActingOrder(_tasks(kind), which, "FinishTask", reason, dry_run, yes, form_of(output, as_json), {"soft": not now}))


def pause(
    kind: Kind, which: Which, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False,
    output: FormOption = "table", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Hold the waiting jobs of tasks back."""
    _carry_out(ActingOrder(_tasks(kind), which, "PauseTask", reason, dry_run, yes, form_of(output, as_json), {}))


def resume(
    kind: Kind, which: Which, reason: Reason = "", dry_run: DryRun = False, yes: Yes = False,
    output: FormOption = "table", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Go on with paused tasks."""
    _carry_out(ActingOrder(_tasks(kind), which, "ResumeTask", reason, dry_run, yes, form_of(output, as_json), {}))


def set_priority(
    kind: Kind, which: Which,
    priority: Annotated[int, typer.Option("--to", help="The new priority; the larger goes first.")],
    reason: Reason = "", dry_run: DryRun = False, yes: Yes = False,
    output: FormOption = "table", as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Change the priority of tasks."""
    body = {"priority": priority}
    _carry_out(ActingOrder(_tasks(kind), which, "ChangeTaskPriority", reason, dry_run, yes, form_of(output, as_json), body))


def _tasks(kind: str) -> str:
    if plural_of(kind) != "tasks":
        raise typer.BadParameter(f"found {kind[:40]!r}, expected tasks")
    return "tasks"


def _carry_out(order: ActingOrder) -> None:
    """Send the commands and print the outcome of each; ends with 1 where one was refused."""
    if not order.reason.strip() and not order.dry_run:
        raise typer.BadParameter("--reason: it is kept with every command and must say something")
    api = api_client(os.environ)
    numbers = _numbers(api, order)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(lambda number: _sent(api, order, number), numbers))
    write_rows(outcomes, COLUMNS, order.form)
    accepted = sum(one["accepted"] for one in outcomes)
    jobs, units = (sum(one[name] or 0 for one in outcomes) for name in ("jobs_hit", "units_hit"))
    verb = "would be" if order.dry_run else "were"
    sys.stderr.write(
        f"{accepted:,} of {len(outcomes):,} {order.kind} {verb} changed: {jobs:,} jobs and {units:,} input units touched\n"
    )
    raise typer.Exit(0 if accepted == len(outcomes) else 1)


def _numbers(api: ApiClient, order: ActingOrder) -> list[int]:
    """Which are meant; raises typer.BadParameter, typer.Abort."""
    named = [word for word in order.which if "=" not in word]
    if named and len(named) < len(order.which):
        raise typer.BadParameter("name numbers or a filter, not both")
    if named:
        wrong = next((word for word in named if not (word.isascii() and word.isdigit())), None)
        if wrong is not None:
            raise typer.BadParameter(f"found {wrong[:40]!r}, expected the number of one of the {order.kind}")
        return list(dict.fromkeys(int(word) for word in named))
    listed = KINDS[order.kind]
    found = rows_of(api, listed, filters_of(order.which), TARGETS_MAX)
    if not found.is_whole:
        raise StepFailed(f"more than {TARGETS_MAX:,} {order.kind} fit; narrow the filter")
    numbers = [int(row[listed.key]) for row in found.rows]
    if numbers and not order.dry_run and not order.yes:
        typer.confirm(f"{order.command} for {len(numbers):,} {order.kind}?", abort=True, err=True)
    return numbers


def _sent(api: ApiClient, order: ActingOrder, number: int) -> dict[str, Any]:
    """The outcome for one: what the decider answered, or why the API did not send it."""
    path = f"/v1/commands/{order.command}" + ("?dry_run=true" if order.dry_run else "")
    body = {"aggregate_id": str(number), **order.body, **({"reason": order.reason.strip()} if order.reason.strip() else {})}
    outcome = {"kind": order.kind.removesuffix("s"), "id": number, "jobs_hit": None, "units_hit": None}
    try:
        answer = api.post(path, body)
    except StepFailed as problem:
        return {**outcome, "accepted": False, "message": str(problem)}
    if answer.get("answered") is False:
        return {**outcome, "accepted": True, "message": f"sent as {answer['command_id']}, not answered yet"}
    accepted = bool(answer.get("accepted"))
    message = "" if accepted else f"{answer.get('reason')}: {answer.get('message') or ''}"
    counts = {name: answer.get(name) for name in ("jobs_hit", "units_hit")}
    return {**outcome, **counts, "accepted": accepted, "message": message}
