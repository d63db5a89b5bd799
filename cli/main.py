"""`culm`: the stack, tokens, the client's environment, datasets, rebuilds, the checker."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli import (
    agents,
    audit,
    bridge,
    dead_letter,
    issuer,
    link,
    login,
    monitor,
    policy,
    positions,
    refusals,
    replay,
    revoke,
    secret,
    verify,
)  # fmt: skip
from cli import log_files as exchange
from cli.client_environment import OF_ALL, client_environment, consumer_environment, consumer_of_one, shell_exports
from cli.dataset import add_files
from cli.log_lines import keep_log_lines
from deploy.errors import StackError
from deploy.local_queue import VO
from deploy.stack import Stack
from process.instances import BY_NAME, INSTANCES_MAX

app = typer.Typer(
    help="Culm: workload management on an event log.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
dataset_app = typer.Typer(help="Input datasets of the local storage.", no_args_is_help=True)
app.add_typer(dataset_app, name="dataset")
audit.add_to(app)
monitor.add_to(app)
PARTS = (
    verify, replay, exchange, dead_letter, positions, issuer, login, link, revoke, refusals, policy, secret, agents, bridge,
)  # fmt: skip
for part in PARTS:
    part.add_to(app)
out = Console()
err = Console(stderr=True)
ROLE_GROUPS = {"user": (), "production": ("production",), "pilot": ("pilot",), "operator": ("operator", "production")}


def _instances(how: str) -> Any:
    """The option that says how many instances of a kind run."""
    return typer.Option(min=1, max=INSTANCES_MAX, help=f"How many; {how}.")


def _say(text: str) -> None:
    out.print(f"[dim]{text}[/dim]", highlight=False)


@app.command()
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


@app.command()
def down() -> None:
    """Stop everything; the state stays."""
    Stack.here().down(_say)


@app.command()
def reset(yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Stop everything and delete the state."""
    stack = Stack.here()
    if not yes:
        typer.confirm(f"Delete all state under {stack.config.home}?", abort=True)
    stack.reset(_say)


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Show addresses and every process: health, restarts, lag."""
    stack = Stack.here()
    if as_json:
        sys.stdout.write(json.dumps(stack.status(), indent=2) + "\n")
    else:
        _print_status(stack)


@app.command()
def env(
    user: Annotated[str, typer.Option(help="preferred_username of the development user.")] = "jdoe",
    name: Annotated[str, typer.Option(help="Name as shown to people.")] = "Jane Doe",
    group: Annotated[list[str] | None, typer.Option(help="Groups; default: wlcg and wlcg/production.")] = None,
    consumer: Annotated[
        bool,
        typer.Option("--consumer", help="For dashboards instead: log, registry, an account that reads; of all organisations."),
    ] = False,
    vo: Annotated[
        str, typer.Option(help="With --consumer: copies of this organisation's events, and nothing of others (CULM_MIRROR_VOS).")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print the shell exports that point panda-client here: eval "$(culm env)"."""
    stack = Stack.here()
    if vo and not consumer:
        raise typer.BadParameter("--vo is for consumers, expected --consumer beside it")
    if consumer:
        found = consumer_of_one(stack.config, vo) if vo else consumer_environment(stack.config)
        if not vo:
            typer.echo(f"culm: {OF_ALL}", err=True)
        sys.stdout.write(json.dumps(found, indent=2) + "\n" if as_json else shell_exports(found))
        return
    variables = client_environment(stack.config, user, name, tuple(group or (VO, f"{VO}/production")), os.environ)
    sys.stdout.write(json.dumps(variables, indent=2) + "\n" if as_json else shell_exports(variables))


@app.command()
def token(
    user: Annotated[str, typer.Option(help="preferred_username.")],
    name: Annotated[str, typer.Option(help="Name as shown to people; default: the user.")] = "",
    group: Annotated[list[str] | None, typer.Option(help="Groups beside those of the role.")] = None,
    role: Annotated[str, typer.Option(help="user, production, pilot or operator.")] = "user",
    vo: Annotated[str, typer.Option(help="Virtual organisation.")] = VO,
    hours: Annotated[float, typer.Option(help="How long it is valid.")] = 24.0,
) -> None:
    """Print a token of the development issuer for a named user."""
    from identity.issuer import make_token

    if role not in ROLE_GROUPS:
        raise typer.BadParameter(f"--role is {role!r}, expected one of {', '.join(ROLE_GROUPS)}")
    groups = [vo, *(f"{vo}/{word}" for word in ROLE_GROUPS[role]), *(group or ())]
    made = make_token(Stack.here().config.home, user=user, name=name or user, groups=groups, audience_hours=hours)
    sys.stdout.write(made + "\n")


@app.command()
def rebuild(
    names: Annotated[list[str] | None, typer.Argument(help="Projections; see --all.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
) -> None:
    """Rebuild read models from the log, beside the live ones, and swap."""
    from cli.rebuild import rebuild_projections

    if everything == bool(names):
        raise typer.BadParameter("name projections or say --all")
    rebuild_projections(Stack.running().config, tuple(names or ()))


@app.command()
def check(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Prove the log and the read model: no job lost or made twice, every command answered once, rows equal to events."""
    from check.report import check_stack

    config = Stack.running().config
    raise typer.Exit(check_stack(config.kafka, config.registry, config.postgres, as_json=as_json))


@dataset_app.command("add")
def dataset_add(
    dataset: Annotated[str, typer.Argument(help="[scope:]name of the dataset.")],
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, help="Files to copy and register.")],
    user: Annotated[str, typer.Option(help="Owner of the dataset.")] = "jdoe",
) -> None:
    """Copy files into the local storage and register them as an input dataset."""
    total = add_files(Stack.running().config, dataset, tuple(files), user)
    out.print(f"{dataset}: {len(files)} files registered, {total} in the dataset", highlight=False)


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


def run() -> None:
    """Entry point: errors of the stack are sentences, not tracebacks; log lines go to a file."""
    keep_log_lines(os.environ)
    try:
        app()
    except (StackError, ValueError) as problem:
        err.print(f"culm: {problem}", style="red", highlight=False, soft_wrap=True)
        sys.exit(1)


if __name__ == "__main__":
    run()
