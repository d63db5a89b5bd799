"""`culm monitor`: the address of the pages, with a token behind the #, for the login page."""

import sys
from typing import Annotated
from urllib.parse import quote

import typer

from deploy.local_queue import VO
from deploy.stack import Stack


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(monitor)


def monitor(
    user: Annotated[str, typer.Option(help="preferred_username of the development user.")] = "jdoe",
    name: Annotated[str, typer.Option(help="Name as shown to people.")] = "Jane Doe",
    operator: Annotated[bool, typer.Option(help="With the roles of an operator.")] = False,
    page: Annotated[str, typer.Option(help="Page to begin at.")] = "/",
) -> None:
    """Print an address that opens the monitor and offers to log you in; it is good for a day and belongs to you alone."""
    from identity.issuer import make_token

    config = Stack.running().config
    groups = [VO, f"{VO}/production", *([f"{VO}/operator"] if operator else [])]
    token = make_token(config.home, user=user, name=name, groups=groups, audience_hours=24.0)
    sys.stdout.write(f"{config.api}/login?next={quote(page, safe='/')}#token={token}\n")
