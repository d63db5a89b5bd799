"""`culm export` and `culm import`: events into a file, and from a file into an empty stack."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.errors import StepFailed
from deploy.stack import Stack

out = Console()
FORMATS = ("avro", "jsonl")


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.command("export")(export)
    app.command("import")(import_)


def export(
    file: Annotated[Path, typer.Argument(help="File to write; it must not be there.")],
    task: Annotated[int | None, typer.Option(help="A task with everything that belongs to it.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="ISO time; events from then on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="ISO time; events before it.")] = None,
    form: Annotated[str, typer.Option("--format", help="avro (can be imported) or jsonl.")] = "avro",
) -> None:
    """Write events of a time range, or a task's whole causal tree, to a file."""
    from audit.log_export import Choice, exported, write_avro, write_lines
    from eventlog.registry import codec_from

    if form not in FORMATS:
        raise typer.BadParameter(f"--format is {form!r}, expected one of {', '.join(FORMATS)}")
    if task is not None and (since or until):
        raise typer.BadParameter("name a task or a time range, not both")
    if file.exists():
        raise StepFailed(f"{file} is there already; name another file")
    if not file.absolute().parent.is_dir():
        raise StepFailed(f"FILE: found {str(file)!r}, expected a name in a folder that is there; {file.absolute().parent} is not")
    choice = Choice(_time("--from", since), _time("--to", until), task)
    config = Stack.running().config
    codec = codec_from(config.registry)
    draft = file.with_name(file.name + ".part")
    with draft.open("wb") as target:
        events = exported(config.kafka, codec, choice)
        count = write_avro(target, events, codec) if form == "avro" else write_lines(target, events)
    if task is not None and not count:
        draft.unlink()
        raise StepFailed(f"no task {task} in the log")
    draft.rename(file)
    out.print(f"{count:,} events in {file}", highlight=False)


def _time(option: str, text: str | None) -> int | None:
    """Microseconds; raises StepFailed for a moment that is no time: places of one partition say nothing of the others."""
    from audit.moment import moment_from

    moment = moment_from(text)
    if text and moment.micros is None:
        raise StepFailed(f"{option}: found {text!r}, expected an ISO 8601 time")
    return moment.micros


def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A file of `culm export`.")],
) -> None:
    """Write the events of a file into an empty stack (`culm up --only servers`); then `culm up`.

    Aggregates that are not whole in the file are named and left out.
    """
    from audit.log_export import NotImported, read_file
    from audit.log_import import import_events, whole_aggregates
    from eventlog.declarations import apply_declarations
    from eventlog.registry import codec_from
    from projections.engine.migrate import migrate
    from schemas.topics import TopicDiffers

    config = Stack.running().config
    try:
        apply_declarations(config.kafka, config.registry)
    except TopicDiffers as problem:
        raise StepFailed(f"{problem}; nothing was imported") from problem
    migrate(config.postgres)
    codec = codec_from(config.registry)
    try:
        whole = whole_aggregates(read_file(file), codec)
        for (aggregate, name), reason in whole.left_out.items():
            out.print(f"[yellow]{aggregate} {name} is left out: {reason}[/]", highlight=False, soft_wrap=True)
        count = import_events(config.kafka, codec, whole.events)
    except NotImported as problem:
        raise StepFailed(str(problem)) from problem
    out.print(f"{count:,} events imported, {len(whole.left_out)} aggregates left out", highlight=False)
