"""`culm replay`: the log folded again and compared; recorded decisions made again; other retry rules tried."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from cli.shown import escape
from deploy.config import StackConfig
from deploy.errors import StepFailed
from deploy.stack import Stack
from schemas.bounds import problems_of, sentence
from schemas.policy import SetRetryRules
from schemas.records import record_from
from schemas.types import QueueSettings, RetryRule

out = Console()
SHOWN_MAX = 20
SECONDS_A_DAY = 86_400
SETTINGS_BYTES_MAX = 1_000_000
RULES_DAYS = 7


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(replay)


def replay(
    decisions: Annotated[bool, typer.Option("--decisions", help="Make every recorded brokerage decision again.")] = False,
    task: Annotated[int | None, typer.Option(help="With --decisions: only of this task.")] = None,
    figures: Annotated[list[str] | None, typer.Option("--set", help="With --decisions: NAME=VALUE, what if.")] = None,
    rules: Annotated[Path | None, typer.Option(help="A file of retry rules: what they would have saved.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="How far back: with --rules 7, with --decisions all, unless it is said.")
    ] = None,
    queues: Annotated[list[Path] | None, typer.Option("--queue", help="With --decisions: settings of a queue, what if.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Fold the whole log, compare every row in Postgres, print the hash of the state."""
    if rules is not None and decisions:
        raise typer.BadParameter("--rules and --decisions are two questions")
    if rules is not None:
        _rules(Stack.running().config, rules_in(rules), days or RULES_DAYS, as_json)
        return
    if (task is not None or figures or queues or days) and not decisions:
        raise typer.BadParameter("--task, --set, --queue and --days belong to --decisions")
    config = Stack.running().config
    failed = _decisions(config, task, figures or [], queues or [], days, as_json) if decisions else _rows(config, as_json)
    raise typer.Exit(1 if failed else 0)


def _rows(config: StackConfig, as_json: bool) -> bool:
    from audit.replay import ReplayRefused
    from audit.replay import replay as folded
    from projections.config import ProjectorConfig

    try:
        result = folded(ProjectorConfig(config.kafka, config.registry, config.postgres))
    except ReplayRefused as problem:
        raise StepFailed(str(problem)) from problem
    if as_json:
        sys.stdout.write(json.dumps(asdict(result), indent=2, default=str) + "\n")
    else:
        table = Table("table", "rows", "sha256", "differ", box=None)
        for name, found in result.tables.items():
            table.add_row(name, f"{found.rows:,}", found.sha256[:16], str(found.different) if found.different else "")
        out.print(table)
        for one in result.first:
            columns = "; ".join(f"{name} is {had!r}, the log says {should!r}" for name, (had, should) in one.columns.items())
            out.print(f"[red]{one.table} {escape(one.key)}: {one.what}[/] {escape(columns)}", highlight=False, soft_wrap=True)
        for told in result.set_aside:
            out.print(f"[yellow]set aside, compared as of that event:[/] {escape(told)}", highlight=False, soft_wrap=True)
        out.print(f"{result.records:,} records folded; state {result.state_hash}", highlight=False, soft_wrap=True)
    return any(found.different for found in result.tables.values())


def rules_in(file: Path) -> tuple[RetryRule, ...]:
    """The rules of `file`, a JSON object as SetRetryRules takes it; raises StepFailed naming what does not fit."""
    try:
        command = record_from(SetRetryRules, json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, TypeError) as problem:
        raise StepFailed(f"{file}: expected an object with rules, as SetRetryRules takes it: {problem}") from problem
    problems = problems_of(command)
    if problems:
        raise StepFailed(f"{file}: {sentence(problems)}")
    return command.rules


def _since(days: int) -> int:
    """The time so many days ago, in milliseconds since 1970."""
    return int((time.time() - days * SECONDS_A_DAY) * 1000)


def _rules(config: StackConfig, rules: Sequence[RetryRule], days: int, as_json: bool) -> None:
    from audit.rules_trial import RecordedJobs, try_rules
    from audit.whole_log import events_of
    from eventlog.registry import codec_from
    from schemas.aggregates import AGGREGATES

    codec, jobs = codec_from(config.registry), RecordedJobs()
    since = _since(days)
    for record in events_of(config.kafka, codec, [AGGREGATES["job"].topic("events")], since):
        jobs.see(record)
    tally = try_rules(events_of(config.kafka, codec, [AGGREGATES["task"].topic("events")], since), jobs, rules)
    advice = [
        {"source": source, "code": code, "recorded": recorded, "tried": tried, "failures": count}
        for (source, code, recorded, tried), count in tally.advice.most_common()
    ]
    if as_json:
        document = {
            "sentence": tally.sentence(), "failures": tally.failures, "unknown": tally.unknown, "saved": tally.saved,
            "finished": tally.finished, "seconds": tally.seconds, "advice": advice,
        }  # fmt: skip
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    out.print(tally.sentence(), highlight=False, soft_wrap=True)
    for one in advice[:SHOWN_MAX]:
        said = f"  {one['failures']:,} x {one['source']} {one['code']}: {one['recorded']} recorded, {one['tried']} tried"
        out.print(escape(said), highlight=False)


def settings_in(file: Path) -> QueueSettings:
    """Settings of a queue from a JSON file, as `ConfigureQueue` takes them; raises typer.BadParameter."""
    try:
        document = json.loads(file.read_bytes()[: SETTINGS_BYTES_MAX + 1])
        settings = msgspec.convert(document, QueueSettings)
    except (OSError, ValueError, RecursionError) as problem:
        raise typer.BadParameter(f"--queue {file}: {problem}, expected the settings of a queue as JSON") from problem
    unknown = sorted(set(document).difference(QueueSettings.__struct_fields__))
    problems = problems_of(settings)
    if unknown or problems:
        found = f"{unknown[0]} is no setting of a queue" if unknown else sentence(problems)
        raise typer.BadParameter(f"--queue {file}: {found}")
    return settings


def _decisions(
    config: StackConfig, task: int | None, figures: list[str], queues: list[Path], days: int | None, as_json: bool
) -> bool:
    from audit.decisions import by_queue, judge, moved
    from audit.given_figures import weighing_from
    from audit.policies_at import Policies
    from audit.whole_log import events_of
    from eventlog.registry import codec_from
    from schemas.aggregates import AGGREGATES

    codec, policies = codec_from(config.registry), Policies()
    weighing = weighing_from(figures, policies)
    policies.instead = {settings.name: settings for settings in map(settings_in, queues)}
    for record in events_of(config.kafka, codec, [AGGREGATES["policy"].topic("events")]):
        policies.tell(record)
    since = None if days is None else _since(days)
    tally = judge(events_of(config.kafka, codec, [AGGREGATES["task"].topic("events")], since), policies, weighing, task)
    if task is not None and not tally.decisions:
        raise StepFailed(f"--task: found {task}, expected a task with a recorded brokerage decision")
    changes = [(queue, before, after) for queue, before, after in moved(tally)]
    if as_json:
        document = {
            "decisions": tally.decisions,
            "equal": tally.equal,
            "without_figures": tally.without_figures,
            "cited": tally.cited,
            "changed": [asdict(one) for one in tally.changed],
            "jobs": [{"queue": queue, "recorded": before, "today": after} for queue, before, after in changes],
            "queues": [asdict(one) for one in by_queue(tally)],
            "waiting": {"recorded": tally.waiting_recorded, "today": tally.waiting_today},
            "jobs_in_all": {"recorded": tally.jobs_recorded.total(), "today": tally.jobs_today.total()},
        }
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        for one in tally.changed[:SHOWN_MAX]:
            out.print(
                f"task {one.task_id} order {one.order}: recorded {dict(one.recorded.jobs) or 'parked'},"
                f" today {dict(one.today.jobs) or 'parked'}",
                highlight=False,
            )
        if len(tally.changed) > SHOWN_MAX:
            out.print(f"... and {len(tally.changed) - SHOWN_MAX} more (--json has all)")
        for queue, before, after in changes:
            out.print(f"{escape(queue)}: {before:,} jobs recorded, {after:,} with today's figures", highlight=False)
        for moves in by_queue(tally):
            out.print(f"{escape(moves.queue)}: {escape(moves.sentence())}", highlight=False, soft_wrap=True)
        if changes or tally.waiting_recorded != tally.waiting_today:
            out.print(
                f"in all {tally.jobs_recorded.total():,} jobs recorded, {tally.jobs_today.total():,} with today's figures;"
                f" orders that wait: {tally.waiting_recorded:,} and {tally.waiting_today:,}",
                highlight=False,
            )
        out.print(
            f"{tally.decisions:,} decisions, {tally.equal:,} equal, {len(tally.changed):,} different,"
            f" {tally.cited:,} on decisions of earlier orders, {tally.without_figures:,} recorded without figures",
            highlight=False,
        )
    # With other figures a difference is the answer, not a failure.
    return bool(tally.changed) and not figures and not queues
