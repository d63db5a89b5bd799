"""One search over everything that has a name or a number; what is not found says where it looked.

`q` is a number, a name or a part of one; `kind:text` looks for one kind alone. Guards: the text and every answer are bounded,
each question looks at a bounded part of the tables (`api/queries/search.py`), and a few run at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from api.http.errors import BadRequest
from api.monitor.links import exactly, link, path_word
from api.monitor.page import Data, MonitorPage, PageView, Touched
from api.monitor.pages.signposts import signposts_to
from api.queries import queues, search
from api.queries.read_models import ReadModels, Row
from api.queries.search import LOOKED, SearchedText

SHOWN, CHARACTERS_MAX, CHARACTERS_MIN, AT_ONCE = 8, 200, 2, 4
PAGES = "page"
#: Words that may stand before the colon, beside the kinds.
OTHER_WORDS = {"site": "queue", "owner": "user", "host": "node", "request": "workflow", "lfn": "file"}
Look = Callable[[ReadModels, SearchedText], Awaitable[list[Row]]]


def asked_for(given: str) -> tuple[str, str]:
    """Kind (empty for all) and text that `given` asks for; raises BadRequest."""
    text = given.strip()
    if len(text) > CHARACTERS_MAX:
        raise BadRequest(f"q: found {len(text)} characters, expected at most {CHARACTERS_MAX}")
    if "\0" in text:
        raise BadRequest("q: found a NUL, expected text")
    word, colon, rest = text.partition(":")
    word, rest = word.strip().casefold(), rest.strip()
    kind = OTHER_WORDS.get(word, word)
    if colon and rest and kind in (*LOOKED, PAGES):
        return kind, rest
    return "", text


async def load(view: PageView) -> Data:
    """What was found, by kind; nothing for a text of one character that is no digit."""
    kind, text = asked_for(view.parameters.get("q", ""))
    kinds = [kind] if kind else [*LOOKED, PAGES]
    asked = len(text) >= CHARACTERS_MIN or text.isdigit()
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> Data:
        async with turn:
            return await _group(view, name, text)

    groups = list(await asyncio.gather(*(one(name) for name in kinds))) if asked else []
    return {
        "q": view.parameters.get("q", "").strip(),
        "text": text,
        "groups": [group for group in groups if group["found"]],
        "nothing": [{"kind": group["kind"], "looked": group["looked"]} for group in groups if not group["found"]],
        "too_short": bool(text) and not asked,
    }


async def _group(view: PageView, kind: str, text: str) -> Data:
    """`kind`, `found` (at most SHOWN), whether there are `more`, the `list` of all of them, and what was `looked` at."""
    if kind == PAGES:
        found = [_hit(one.title, one.path) for one in signposts_to(text, SHOWN + 1)]
    else:
        sought = SearchedText(view.vo, text, SHOWN + 1)
        rows = await LOOKS[kind](view.read_models, sought)
        found = [SHOW[kind](row) for row in rows[: SHOWN + 1]]
    return {
        "kind": kind,
        "found": found[:SHOWN],
        "more": len(found) > SHOWN,
        "list": _list_of(kind, text),
        "looked": LOOKED.get(kind, "titles and words of the pages"),
    }


def _hit(title: object, path: str, says: str = "", state: str = "", at: int | None = None) -> Data:
    return {"title": str(title), "path": path, "says": says, "state": state, "at": at}


def _task(row: Row) -> Data:
    says = f"{row['task_id']}, {row['user_name']}"
    return _hit(row["name"], f"/task/{row['task_id']}/", says, row["status"], row["modified_at"])


def _job(row: Row) -> Data:
    says = f"{row['job_id']} of task {row['task_id']}, on {row['queue']}" + (f", {row['node']}" if row["node"] else "")
    return _hit(row["name"], f"/job/{row['job_id']}/", says, row["status"], row["modified_at"])


def _queue(row: Row) -> Data:
    status = str((row["settings"] or {}).get("status") or "").lower()
    says = f"{row['waiting']:,} jobs wait, {row['leased']:,} have a pilot"
    return _hit(row["name"], f"/queue/{path_word(row['name'])}/", says, status)


def _user(row: Row) -> Data:
    return _hit(row["user_name"], link("/tasks/", {"username": row["user_name"]}), f"{row['count']:,} tasks", at=row["last_at"])


def _node(row: Row) -> Data:
    says = f"{row['count']:,} jobs, {row['failed']:,} failed"
    return _hit(row["node"], link("/jobs/", {"modificationhost": row["node"]}), says, at=row["last_at"])


def _file(row: Row) -> Data:
    return _hit(row["lfn"], f"/task/{row['task_id']}/", f"{row['role']} of task {row['task_id']}, in {row['dataset']}")


def _dataset(row: Row) -> Data:
    says = f"of task {row['task_id']}" + (f" and {row['count'] - 1:,} more" if row["count"] > 1 else "")
    return _hit(row["dataset"], f"/task/{row['task_id']}/", says)


def _error(row: Row) -> Data:
    given = {"errorsource": row["error_source"], "errorcode": row["error_code"], "errormessage": exactly(row["error_cluster"])}
    title = f"{row['error_source']}:{row['error_code']} {row['error_cluster'] or ''}"
    return _hit(title, link("/jobs/", given), f"{row['count']:,} jobs, as job {row['example']}", at=row["last_at"])


def _workflow(row: Row) -> Data:
    says = f"request {row['request_id']}, {row['user_name']}"
    return _hit(row["name"], f"/workflow/{row['request_id']}/", says, row["status"], row["modified_at"])


async def _queues(read_models: ReadModels, sought: SearchedText) -> list[Row]:
    return await queues.serving(read_models, sought.vo, sought.text)


LOOKS: Mapping[str, Look] = {
    "task": search.tasks, "job": search.jobs, "queue": _queues, "user": search.users, "node": search.nodes, "file": search.files,
    "dataset": search.datasets, "error": search.errors, "workflow": search.workflows,
}  # fmt: skip
SHOW: Mapping[str, Callable[[Row], Data]] = {
    "task": _task, "job": _job, "queue": _queue, "user": _user, "node": _node, "file": _file, "dataset": _dataset,
    "error": _error, "workflow": _workflow,
}  # fmt: skip
#: The list that a part of a name filters, by kind: path and name of the filter.
LISTS: Mapping[str, tuple[str, str]] = {
    "task": ("/tasks/", "taskname"), "queue": ("/queues/", "site"), "user": ("/tasks/", "username"),
    "node": ("/jobs/", "modificationhost"), "workflow": ("/workflows/", "name"),
    "error": ("/errors/", "errormessage"),
}  # fmt: skip


def _list_of(kind: str, text: str) -> str | None:
    """Where all of them are listed; None where no list has that filter, or signs of the text mean something in one."""
    plain = exactly(text)
    if plain is None or kind not in LISTS:
        return None
    path, name = LISTS[kind]
    return link(path, {name: f"*{plain}*"})


def leads_to(data: Data) -> str | None:
    """The path of the one thing that has the number; None when there are several things, or the text is no number."""
    hits = [hit["path"] for group in data["groups"] for hit in group["found"] if f"/{data['text']}/" in hit["path"]]
    return hits[0] if data["text"].isdigit() and len(hits) == 1 else None


def concerned(_: Touched, __: PageView) -> bool:
    """Never: a search is made when it is asked for, and looked at again with the ages on it."""
    return False


PAGE = MonitorPage(
    "search",
    r"/search/",
    lambda data: f"Search: {data['q']}" if data["q"] else "Search",
    load,
    ("found",),
    concerned,
    leads_to=leads_to,
)
