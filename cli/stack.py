"""`culm up|down|reset|status`: the stack of this machine."""

import json
import os
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from cli.shown import escape
from deploy.stack import Stack
from process.instances import BY_NAME, INSTANCES_MAX

out = Console()


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    for command in (up, down, reset, status):
        app.command()(command)


def _instances(how: str) -> Any:
    """The option that says how many instances of a kind run."""
    return typer.Option(min=1, max=INSTANCES_MAX, help=f"How many; {how}.")


def _say(text: str) -> None:
    out.print(f"[dim]{text}[/dim]", highlight=False)


def up(
    only: Annotated[str, typer.Option(help="`servers` starts Kafka, registry and Postgres alone.")] = "",
    brokers: Annotated[int | None, typer.Option(help="Kafka nodes: 1, or 3 that outlive the loss of one.")] = None,
    deciders: Annotated[int | None, _instances("share the shards")] = None,
    processors: Annotated[int | None, _instances("share the partitions")] = None,
    timers: Annotated[int | None, _instances("one is on duty, the others stand by")] = None,
    projectors: Annotated[int | None, _instances("share the partitions")] = None,
    notaries: Annotated[int | None, _instances("one writes, the others stand by")] = None,
    apis: Annotated[int | None, _instances("the second listens 2 above CULM_PORT_API, the third 3 above")] = None,
    harvesters: Annotated[int | None, _instances("of a queue one is on duty, the others stand by")] = None,
    edge: Annotated[
        bool | None, typer.Option("--edge/--no-edge", help="Whether clients with certificates are served.")
    ] = None,
) -> None:
    """Start everything and wait until it answers; on a stack that is up, add or stop instances."""
    if only not in ("", "servers"):
        raise typer.BadParameter(f"--only is {only!r}, expected servers")
    if brokers not in (None, 1, 3):
        raise typer.BadParameter(f"--brokers is {brokers}, expected 1 or 3")
    counts = {
        "decider": deciders, "processors": processors, "timers": timers, "projector": projectors,
        "notary": notaries, "api": apis, "harvester": harvesters, "edge": None if edge is None else int(edge),
    }  # fmt: skip
    asked = {BY_NAME[kind].count_variable: str(count) for kind, count in counts.items() if count is not None}
    environ = {**os.environ, **({"CULM_BROKERS": str(brokers)} if brokers else {}), **asked}
    Stack.here(environ).up(only_servers=only == "servers", say=_say)
    _print_status(Stack.here())


def down() -> None:
    """Stop everything; the state stays."""
    Stack.here().down(_say)


def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop everything and delete the state."""
    stack = Stack.here()
    if not yes:
        typer.confirm(f"Delete all state under {stack.config.home}?", abort=True)
    stack.reset(_say)


def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show addresses and every process: health, restarts, lag."""
    stack = Stack.here()
    if as_json:
        sys.stdout.write(json.dumps(stack.status(), indent=2) + "\n")
    else:
        _print_status(stack)


def _print_status(stack: Stack) -> None:
    document = stack.status()
    table = Table(box=None, pad_edge=False)
    for title in ("process", "health", "pid", "restarts", "up for", "lag"):
        table.add_column(title, justify="right" if title in ("pid", "restarts", "up for", "lag") else "left")
    for row in document["processes"]:
        colour = "green" if row["health"] == "running" else "red"
        lag = "" if row["lag"] is None else str(row["lag"])
        seconds = f"{row['since_seconds']:.0f} s" if row["pid"] else ""
        table.add_row(row["name"], f"[{colour}]{row['health']}[/]", str(row["pid"] or ""), str(row["restarts"]), seconds, lag)
    for name, address in document["addresses"].items():
        out.print(escape(f"{name:9} {address}"), highlight=False, soft_wrap=True)
    out.print(table if document["processes"] else "not running; start it with `culm up`")
    if document["processes"]:
        out.print(f"health    {document['condition']}", highlight=False)
        for problem in document["problems"]:
            out.print(f"[yellow]- {escape(problem)}[/]", highlight=False, soft_wrap=True)
