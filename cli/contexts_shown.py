"""`culm config view|use-context|set-context|delete-context`: the contexts of this user."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.contexts import Context, context_in_use, contexts_of, problem_of
from cli.tables import FormOption, JsonOption, form_of, write_rows
from deploy.errors import StepFailed

config_app = typer.Typer(help="Which Culm the commands speak to: contexts, by name.", no_args_is_help=True)


def _names(incomplete: str) -> list[str]:
    return [name for name in contexts_of(os.environ).named if name.startswith(incomplete)]


Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the context.", autocompletion=_names)]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(config_app, name="config")


@config_app.command()
def view(output: FormOption = "table", as_json: JsonOption = False) -> None:
    """Show every context, and which one is in use."""
    form, contexts, used = form_of(output, as_json), contexts_of(os.environ), context_in_use(os.environ)
    rows = [{"name": name, "used": used is not None and used[0] == name, **asdict(one)} for name, one in contexts.named.items()]
    if form == "json":
        sys.stdout.write(json.dumps({"file": str(contexts.path), "contexts": rows}, indent=2) + "\n")
        return
    write_rows(rows, ("used", "name", "api", "home", "vo", "token_file"), form)


@config_app.command("use-context")
def use_context(name: Name) -> None:
    """Speak to this Culm from now on."""
    contexts = contexts_of(os.environ)
    contexts.of(name)
    contexts.write(name, contexts.named)
    sys.stdout.write(f"in use: {name}\n")


@config_app.command("set-context")
def set_context(
    name: Name,
    api: Annotated[str, typer.Option(help="Address of a Culm elsewhere, https://HOST[:PORT].")] = "",
    home: Annotated[Path | None, typer.Option(help="CULM_HOME of a stack of this machine, in place of --api.")] = None,
    vo: Annotated[str, typer.Option(help="Virtual organisation.")] = "wlcg",
    token_file: Annotated[Path | None, typer.Option(help="A file with a token, for robots; default: `culm login`.")] = None,
) -> None:
    """Make a context or replace it; the first one is used at once."""
    kept = Context(api.rstrip("/"), vo, _absolute(home), _absolute(token_file))
    if problem := problem_of(name, kept):
        raise StepFailed(problem)
    contexts = contexts_of(os.environ)
    contexts.write(contexts.current or name, {**contexts.named, name: kept})
    sys.stdout.write(f"kept: {name} in {contexts.path}\n")


@config_app.command("delete-context")
def delete_context(name: Name) -> None:
    """Forget a context; logins and tokens stay."""
    contexts = contexts_of(os.environ)
    contexts.of(name)
    left = {one: context for one, context in contexts.named.items() if one != name}
    contexts.write("" if contexts.current == name else contexts.current, left)
    sys.stdout.write(f"forgotten: {name}\n")


def _absolute(path: Path | None) -> str:
    return "" if path is None else str(path.expanduser().absolute())
