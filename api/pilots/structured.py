"""Texts of pilots that have a structure: kept whole, or replaced by a word on what was left out; never cut within.

In: `metaData` (the payload's job report) and `pilotLog` of a final report. Out: JSON of at most `METADATA_BYTES_MAX` bytes, and
whole lines. A record of the log holds 900 kB; so the outputs of a job, its metadata and its log fit into the event of its end.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from api.http.bodies import check_depth
from api.http.errors import UnreadableBody
from api.pilots.bodies import lenient_json
from api.pilots.values import NOTHING, text_of
from schemas.characters import TEXT
from schemas.types import OutputFile

#: A job report is kept up to this size, less beside very many outputs.
METADATA_BYTES_MAX = 400_000
#: Of a record's 900 kB; the rest is for errors, usage, log and envelope.
OUTPUTS_AND_METADATA_BYTES_MAX = 800_000
#: What an event holds of an output beside what the pilot reports: at most a dataset and a scope.
BYTES_ADDED_PER_OUTPUT = 400
LOG_MAX = 4_000


def metadata_of(body: Mapping[str, Any], outputs: Iterable[OutputFile]) -> str | None:
    """The job report as JSON text, None for none; see `fitting`."""
    given = body.get("metaData")
    if given is None or (isinstance(given, str) and given.strip() in NOTHING):
        return None
    text = given if isinstance(given, str) else orjson.dumps(given).decode()
    if isinstance(given, str):
        text = _as_json(given)
    taken = sum(BYTES_ADDED_PER_OUTPUT + len(one.lfn) + len(one.guid) + len(one.endpoint) for one in outputs)
    return fitting(text, min(METADATA_BYTES_MAX, OUTPUTS_AND_METADATA_BYTES_MAX - taken))


def fitting(text: str, bytes_max: int) -> str:
    """`text` itself when it has at most `bytes_max` bytes, else a small JSON document that says what was left out."""
    size = len(text.encode())
    if size <= bytes_max:
        return text
    return left_out(size, bytes_max)


def left_out(size_bytes: int, bytes_max: int) -> str:
    """The document that stands for one of `size_bytes` where at most `bytes_max` were left."""
    return orjson.dumps({"left_out": "metaData", "bytes": size_bytes, "bytes_max": max(0, bytes_max)}).decode()


def was_left_out(document: Any) -> bool:
    """True for a document that stands for one that was left out."""
    return isinstance(document, dict) and set(document) == {"left_out", "bytes", "bytes_max"}


def log_of(body: Mapping[str, Any]) -> str | None:
    """The pilot's log as far as whole lines of it fit; None for nothing."""
    text = text_of(body, "pilotLog", LOG_MAX + 1)
    if len(text) > LOG_MAX:
        whole, line_end, _ = text.rpartition("\n")
        text = whole if line_end else text[:LOG_MAX]
    return text or None


def _as_json(text: str) -> str:
    """`text` when it is JSON already, else the nearest JSON: non-finite numbers are null, text that is none is a JSON text."""
    raw = text.encode("utf-8", "replace")
    try:
        check_depth(orjson.loads(raw))
    except (orjson.JSONDecodeError, UnreadableBody):
        pass
    else:
        return TEXT.replaced(text, len(text))
    try:
        return orjson.dumps(lenient_json(raw)).decode()
    except UnreadableBody:
        return orjson.dumps(TEXT.replaced(raw.decode(), len(raw))).decode()
