"""`culm env` and `culm token`: what points clients here, and tokens of the development issuer."""

import json
import os
import sys
from typing import Annotated

import typer

from cli.client_environment import OF_ALL, client_environment, consumer_environment, consumer_of_one, shell_exports
from deploy.local_queue import VO
from deploy.stack import Stack

ROLE_GROUPS = {"user": (), "production": ("production",), "pilot": ("pilot",), "operator": ("operator", "production")}


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.command()(env)
    app.command()(token)


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
