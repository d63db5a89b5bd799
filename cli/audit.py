"""`culm history, state, diff, why, trace, tail`: the past of everything, as `/v1` tells it."""

import json
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.tree import Tree

from cli.api_client import api_client
from cli.kinds import singular_of
from cli.shown import escape

out = Console()
#: What has a past, and how one is named; as schemas/*/aggregate.json say it, which take longer to read than the API to answer.
NAMED = {
    "task": "its number", "job": "its number", "queue": "its name", "worker": "QUEUE/WORKER_ID", "harvester": "VO/HARVESTER_ID",
    "ranges": "the number of its task", "workflow": "the number of its request",
}  # fmt: skip


def kind_of(word: str) -> str:
    """The kind that a word names, in the singular; raises typer.BadParameter."""
    return singular_of(word, NAMED)


KindArgument = Annotated[
    str, typer.Argument(metavar="KIND", help=f"{', '.join(NAMED)}.", callback=kind_of, autocompletion=lambda: list(NAMED))
]
NameArgument = Annotated[
    str, typer.Argument(metavar="ID", help="; ".join(f"{kind}: {named}" for kind, named in NAMED.items()) + ".")
]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
#: Columns of a tree that goes into a pipe, where nothing need fit a window.
WIDE = 400
MOMENT = "ISO time, number of an event (#17), or topic/partition/offset"


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    for command in (history, state, diff, why, trace, tail):
        app.command()(command)


def history(
    kind: KindArgument,
    name: NameArgument,
    limit: Annotated[int, typer.Option(help="Events at most.")] = 200,
    after: Annotated[int, typer.Option(help="Only beyond this sequence.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Who did what, when, why, by which command, and what it changed."""
    document = api_client(os.environ).get(f"/v1/history/{kind}/{name}", limit=limit, after=after)
    if as_json:
        _print_json(document)
        return
    for event in document["history"]:
        name = event["actor_name"] or event["actor"]
        who = f"{name} ({event['role']})" if event["role"] else name
        _say(f"[bold]#{event['sequence']}[/] {event['at']}  [cyan]{event['event_type']}[/]  {escape(event['summary'])}")
        cause = f", caused by {event['causation_id']}" if event["causation_id"] else ""
        _say(f"    [dim]{escape(event['command_type'])} {event['command_id']} by {escape(who)}{cause}[/]")
        for change in event["changes"]:
            _say(f"    {escape(change['where'])}: {_shown(change['before'])} -> {_shown(change['after'])}")
    if document["next"]:
        _say(f"[dim]more: --after {document['next']}[/]")


def state(
    kind: KindArgument,
    name: NameArgument,
    at: Annotated[str | None, typer.Option(help=MOMENT)] = None,
    as_json: AsJson = False,
) -> None:
    """Its rows as they were."""
    document = api_client(os.environ).get(f"/v1/state/{kind}/{name}", at=at)
    if as_json:
        _print_json(document)
        return
    when = f"event {document['sequence']}, {document['at']}, {document['place']}" if document["place"] else "no event yet"
    _say(f"[bold]{kind} {escape(name)}[/] as of {when}")
    for table, rows in document["tables"].items():
        if len(rows) > 1 or table != kind:
            out.print(f"[bold]{table}[/]: {len(rows)} rows (see --json)" if len(rows) > 5 else f"[bold]{table}[/]")
        for row in rows[:5]:
            for column, value in row.items():
                _say(f"  {column}: {_shown(value)}")


def diff(
    kind: KindArgument,
    name: NameArgument,
    a: Annotated[str, typer.Argument(metavar="A", help=MOMENT)],
    b: Annotated[str | None, typer.Argument(metavar="B", help=f"{MOMENT}; now when left out")] = None,
    as_json: AsJson = False,
) -> None:
    """What differs between two moments."""
    document = api_client(os.environ).get(f"/v1/diff/{kind}/{name}", a=a, b=b)
    if as_json:
        _print_json(document)
        return
    sides = [f"event {side['sequence']} ({side['at'] or 'before all'})" for side in (document["a"], document["b"])]
    _say(f"[bold]{kind} {escape(name)}[/] from {sides[0]} to {sides[1]}")
    for change in document["changes"]:
        _say(f"  {escape(change['where'])}: {_shown(change['before'])} -> {_shown(change['after'])}")
    if not document["changes"]:
        _say("  nothing differs")


def why(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="task or job.", callback=kind_of)],
    name: NameArgument,
    as_json: AsJson = False,
) -> None:
    """What it waits for, with figures, and what would have to change."""
    document = api_client(os.environ).get(f"/v1/why/{kind}/{name}")
    if as_json:
        _print_json(document)
        return
    for reason in document["why"]:
        since = f" [dim]since {reason['since']}[/]" if reason["since"] else ""
        _say(f"{escape(reason['says'])}{since}")
        if reason["change"]:
            _say(f"    [dim]{escape(reason['change'])} ({escape(reason['who'])})[/]")


def trace(
    name: Annotated[str, typer.Argument(metavar="ID", help="Correlation id, task or job.")], as_json: AsJson = False
) -> None:
    """A request and everything that followed from it, as a tree."""
    document = api_client(os.environ).get(f"/v1/trace/{name}")
    if as_json:
        _print_json(document)
        return
    tree = Tree(f"correlation {document['correlation_id']}")
    stack = [(tree, command) for command in document["commands"]]
    while stack:
        above, command = stack.pop(0)
        label = f"{command['at']} [bold]{escape(command['command_type'] or command['command_id'])}[/]"
        branch = above.add(f"{label} to {command['aggregate']} {escape(command['aggregate_id'])} by {escape(command['actor'])}")
        for event in command["events"]:
            branch.add(f"[cyan]{event['event_type']}[/] {escape(event['summary'])}")
        stack += [(branch, child) for child in command["caused"]]
    wide = out if out.is_terminal else Console(width=WIDE)
    wide.print(tree, highlight=False)
    if not document["whole"]:
        _say("[yellow]there is more than is shown[/]")


def tail(
    wanted: Annotated[list[str] | None, typer.Option("--filter", help="FIELD=VALUE; * is a wild card, !VALUE is not.")] = None,
    as_json: AsJson = False,
) -> None:
    """Events as they happen, until you stop it."""
    try:
        for line in api_client(os.environ).lines("/v1/tail", filter=list(wanted or ())):
            if as_json:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
                continue
            event = json.loads(line)
            what = f"[cyan]{event['event_type']}[/] {event['aggregate']} {escape(event['aggregate_id'])}"
            _say(f"{event['at']} {what}  {escape(event['summary'])}")
    except KeyboardInterrupt:
        return


def _say(text: str) -> None:
    """A line as long as it is: a pipe wants lines, and a terminal wraps by itself."""
    out.print(text, highlight=False, soft_wrap=True)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else "-" if value is None else str(value)
    return escape(text if len(text) <= 160 else f"{text[:157]}...")


def _print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(document, indent=2) + "\n")
