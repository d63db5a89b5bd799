"""JSON texts that are stored in rows, as documents that can be sent on, also those that an older version let in.

Out: the document; numbers that JSON does not have (`NaN`, `Infinity`) are None, halves of surrogate pairs are replaced. A text
that is no JSON at all, or is nested too deeply, is said to be so and shown by its beginning.
"""

import json
from typing import Any

import orjson

SHOWN_MAX = 500


def stored_json(text: str) -> Any:
    """The document in `text`; never raises."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    try:
        lenient = json.loads(text, parse_constant=lambda _: None)
        # Sent through text once more: what cannot be UTF-8 becomes a question mark, and what is too deep or large fails here.
        return orjson.loads(json.dumps(lenient, ensure_ascii=False).encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {"unreadable": text[:SHOWN_MAX].encode("utf-8", "replace").decode()}
