"""`culm get KIND [FIELD=VALUE ...]`: lists, with the filters of the pages."""

import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from cli.api_client import ApiClient, api_client
from cli.kinds import AGGREGATE, KINDS, ListKind, filters_of, plural_of
from cli.tables import FormOption, JsonOption, form_of, write_rows
from deploy.errors import StepFailed

PAGE_ROWS_MAX = 1_000
#: Events that come within this time of each other change a watched list once.
GATHERED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ListedRows:
    """Rows of a list. total: how many fit the filters, None where the list does not count them. is_whole: there are no more."""

    rows: list[Mapping[str, Any]]
    total: int | None
    is_whole: bool


def add_to(app: typer.Typer) -> None:
    """Add the command to `culm`."""
    app.command()(get)


def get(
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help=f"{', '.join(KINDS)}.", callback=plural_of, autocompletion=lambda: list(KINDS)),
    ],
    wanted: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FIELD=VALUE]...", help="Filters: status=running|pending, taskname='user.jdoe.*', hours=12."),
    ] = None,
    output: FormOption = "table",
    as_json: JsonOption = False,
    limit: Annotated[int, typer.Option(min=1, max=1_000_000, help="Rows at most.")] = 100,
    sort: Annotated[str, typer.Option(help="FIELD-ascending or FIELD-descending.")] = "",
    mine: Annotated[bool, typer.Option("--mine", help="Only what is yours.")] = False,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Show it again whenever it changes, until you stop it.")] = False,
) -> None:
    """List tasks, jobs, queues, workers, datasets or files, filtered as the pages are."""
    form, listed, api = form_of(output, as_json), KINDS[kind], api_client(os.environ)
    filters = filters_of(wanted or ())
    if mine:
        filters |= _of_me(api, kind, listed)
    if sort:
        filters["sortby"] = sort

    def show() -> None:
        found = rows_of(api, listed, filters, limit)
        write_rows(found.rows, listed.wide if form in ("wide", "csv") else listed.columns, form)
        _print_count(found)

    if not watch:
        show()
        return
    with suppress(KeyboardInterrupt):
        watch_with(api, AGGREGATE[kind], show)


def rows_of(api: ApiClient, listed: ListKind, filters: Mapping[str, str], limit: int) -> ListedRows:
    """At most `limit` rows that fit, page by page; raises StepFailed with the API's sentence."""
    path, parameters = listed.place(filters)
    rows: list[Mapping[str, Any]] = []
    for document, following, total in _pages(api, path, listed, parameters, limit):
        rows += document
        if len(rows) >= limit or following is None:
            return ListedRows(rows[:limit], total, following is None and len(rows) <= limit)
    raise AssertionError("the last page has none that follows")


def _pages(
    api: ApiClient, path: str, listed: ListKind, parameters: Mapping[str, str], limit: int
) -> Iterator[tuple[list[Mapping[str, Any]], str | None, int | None]]:
    asked = {**parameters, "limit": str(min(limit, PAGE_ROWS_MAX))}
    if listed.after == "cursor":
        asked["json"] = "1"
        if listed.path == "/queues/":
            del asked["limit"]  # all of them are one page
    while True:
        document, headers = api.page(path, asked)
        rows = document[listed.rows] if listed.rows else document
        following = headers.get("culm-next") if listed.after == "cursor" else document.get("next")
        total = headers.get("culm-total")
        yield rows, following, int(total) if total is not None else None
        asked[listed.after] = str(following)


def _of_me(api: ApiClient, kind: str, listed: ListKind) -> dict[str, str]:
    if kind == "datasets":
        return {"owner": "me"}
    if not listed.mine:
        raise typer.BadParameter(f"--mine: {kind} belong to no user")
    return {listed.mine: str(api.get("/v1/whoami")["user_name"])}


def _print_count(found: ListedRows) -> None:
    """What is not shown is said, beside the output and not in it."""
    if not found.is_whole:
        of = f" of {found.total:,}" if found.total is not None else ""
        sys.stderr.write(f"{len(found.rows):,}{of} shown; --limit shows more\n")


def watch_with(api: ApiClient, aggregate: str, show: Callable[[], None]) -> None:
    """Call `show` now and after events of `aggregate` (any for ""), until the stream breaks; raises StepFailed then."""
    moved, broken = threading.Event(), list[StepFailed]()

    def follow() -> None:
        try:
            for _ in api.lines("/v1/tail", **({"filter": f"aggregate={aggregate}"} if aggregate else {})):
                moved.set()
        except StepFailed as problem:
            broken.append(problem)
        moved.set()
        broken.append(StepFailed("the stream of events ended"))

    threading.Thread(target=follow, daemon=True).start()
    while True:
        if sys.stdout.isatty():
            sys.stdout.write("\x1b[H\x1b[2J")
        show()
        sys.stdout.flush()
        moved.wait()
        if broken:
            raise broken[0]
        moved.clear()
        threading.Event().wait(GATHERED_SECONDS)
