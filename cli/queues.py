"""`culm queue set|drain|offline|online`: settings of queues, for operators.

`ConfigureQueue` replaces all settings of a queue: those that are not named are read first and sent again as they are.
"""

import json
import os
import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from cli.api_client import ApiClient, api_client
from cli.kinds import filters_of
from cli.shown import cell, printable
from cli.tables import JsonOption
from deploy.errors import StepFailed

queue_app = typer.Typer(help="Settings of queues: set, drain, offline, online.", no_args_is_help=True)
Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of queues.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(queue_app, name="queue")


@queue_app.command("set")
def set_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the queue.")],
    wanted: Annotated[
        list[str], typer.Argument(metavar="FIELD=VALUE...", help="Settings as ConfigureQueue has them; values: JSON, or text.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Change settings of a queue; the others stay."""
    changed = {field: _value(text) for field, text in filters_of(wanted).items()}
    _print(configured(api_client(os.environ), name, changed), as_json)


@queue_app.command()
def drain(names: Names, as_json: JsonOption = False) -> None:
    """Give queues no new jobs but those that name them; what waits and runs there goes on."""
    _all_to("BROKEROFF", names, as_json)


@queue_app.command()
def offline(names: Names, as_json: JsonOption = False) -> None:
    """Take queues out of work."""
    _all_to("OFFLINE", names, as_json)


@queue_app.command()
def online(names: Names, as_json: JsonOption = False) -> None:
    """Let queues take part in brokerage."""
    _all_to("ONLINE", names, as_json)


def configured(api: ApiClient, name: str, changed: dict[str, Any]) -> dict[str, Any]:
    """Give a queue other settings; what differs, as before and after; raises StepFailed."""
    settings = api.get(f"/v1/queues/{quote(name, safe='')}")["settings"]
    if not isinstance(settings, dict):
        raise StepFailed(f"queue {name} has no settings yet; send ConfigureQueue with all of them")
    unknown = sorted(set(changed) - set(settings))
    if unknown:
        raise StepFailed(f"{unknown[0]}: no such setting; there are {', '.join(sorted(settings))}")
    after = {**settings, **changed}
    api.command("ConfigureQueue", f"queue.{name}", {"settings": after})
    differs = {field: {"before": settings[field], "after": value} for field, value in changed.items() if settings[field] != value}
    return {"queue": name, "changes": differs}


def _all_to(status: str, names: list[str], as_json: bool) -> None:
    api = api_client(os.environ)
    for name in names:
        _print(configured(api, name, {"status": status}), as_json)


def _print(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(done) + "\n")
        return
    for field, sides in done["changes"].items():
        sys.stdout.write(f"{printable(done['queue'])} {field}: {cell(sides['before'])} -> {cell(sides['after'])}\n")
    if not done["changes"]:
        sys.stdout.write(f"{printable(done['queue'])}: nothing differs\n")


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
