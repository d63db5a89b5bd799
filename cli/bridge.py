"""`culm bridge apply|check`: what sources outside say of storages, sites, links, software, nodes, replicas and queues.

The document is read here and refused whole where it is broken; what is then sent are commands, as any operator sends them. A
document that lost too many of its entries is refused by the source's policy, until a person confirms. docs/bridges.md.
"""

import os
import time
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console

from cli.api_client import ApiClient, api_client
from cli.shown import escape
from deploy.errors import StepFailed
from schemas.instants import MICROSECONDS, micros_of_nanos
from schemas.outside import digest_of
from schemas.times import utc
from streams.bridges.document import BYTES_MAX, BrokenDocument, SourceDocument, read_document

MISSING = object()
IGNORED_SHOWN_MAX = 20
out = Console()
bridge_app = typer.Typer(help="What sources outside say of storages, sites, links, software and queues.", no_args_is_help=True)
File = Annotated[Path, typer.Argument(help="JSON, as docs/bridges.md shows it.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to `culm`."""
    app.add_typer(bridge_app, name="bridge")


@bridge_app.command()
def check(file: File) -> None:
    """Read a document and say what it would set; nothing is sent."""
    document = document_in(file)
    _say(f"{document.source}: {len(document.entries)} entries, made {_age(document)}")
    _say_ignored(document)


@bridge_app.command()
def apply(
    file: File,
    confirm: Annotated[bool, typer.Option("--confirm", help="You have looked: entries may be gone.")] = False,
) -> None:
    """Take a document over: what it says otherwise than before, and what it names no more."""
    document = document_in(file)
    client = api_client(os.environ)
    try:
        changed, removed = applied(document, client, confirm)
    except StepFailed as problem:
        raise StepFailed(f"{file}: {problem}") from problem
    _say(f"{document.source}, made {_age(document)}: {changed} changed, {removed} gone, {len(document.entries)} in all")
    _say_ignored(document)


def applied(document: SourceDocument, client: ApiClient, confirmed: bool) -> tuple[int, int]:
    """How many policies were changed and how many facts taken away; raises StepFailed when the source is held back.

    What stands is asked for, and only what differs is sent: a run that broke off is completed by the next.
    """
    about = {"source": document.source, "source_at": utc(document.source_at)}
    taken = {**about, "entries": list(document.entries), "confirmed": confirmed}
    client.command("TakeSource", f"source.{document.source}", taken)
    standing: dict[str, str] = client.get(f"/v1/sources/{quote(document.source)}")["facts"]
    stated = {key: fact.to_avro() for key, fact in document.facts.items()}
    changed = [key for key, fact in stated.items() if standing.get(key) != digest_of(fact)]
    gone = sorted(standing.keys() - stated.keys())
    for key in (*changed, *gone):
        client.command("SetOutsideFact", key, {**about, "fact": stated.get(key)})
    return len(changed) + _configure_queues(document, client), len(gone)


def _configure_queues(document: SourceDocument, client: ApiClient) -> int:
    """Have queues whose settings differ configured; what the document does not name stays as it is. How many there were."""
    if not document.queues:
        return 0
    known = {row["name"]: row["settings"] or {} for row in client.get("/v1/queues")["queues"]}
    changed = 0
    for key, values in document.queues.items():
        before = known.get(values["name"], {})
        if any(before.get(name, MISSING) != value for name, value in values.items()):
            client.command("ConfigureQueue", key, {"settings": {**before, **values}})
            changed += 1
    return changed


def document_in(file: Path) -> SourceDocument:
    """The document of `file`; raises StepFailed naming everything that is wrong with it."""
    try:
        size = file.stat().st_size
        if size > BYTES_MAX:
            raise StepFailed(f"{file} has {size:,} bytes, expected at most {BYTES_MAX:,}")
        found = read_document(file.read_bytes())
    except OSError as problem:
        raise StepFailed(f"{file} cannot be read: {problem}") from problem
    if isinstance(found, BrokenDocument):
        raise StepFailed(f"{file}: nothing was taken over\n  " + "\n  ".join(found.problems))
    return found


def _age(document: SourceDocument) -> str:
    seconds = max(0, micros_of_nanos(time.time_ns()) - document.source_at) // MICROSECONDS
    return f"{seconds // 3600} h {seconds % 3600 // 60} min ago"


def _say(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)


def _say_ignored(document: SourceDocument) -> None:
    if document.ignored:
        _say(f"keys that stand for nothing here: {', '.join(document.ignored[:IGNORED_SHOWN_MAX])}")
