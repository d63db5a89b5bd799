"""What no answer of the API may hold, to any caller. Pure.

In: an answer, what was asked, and words of the stack that no caller may see. Out: a sentence for each leak. What stands in the
request as well is no leak: an error names the value that it refuses.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import unquote_plus

#: By what it would be.
FORMS: Mapping[str, re.Pattern[str]] = {
    "a stack trace": re.compile(r'Traceback \(most recent call last\)|File "[^"\n]{1,300}", line \d+|[\w/]+\.py:\d+'),
    "a path of the machine": re.compile(r"/(?:site|dist)-packages/|/usr/lib/|/proc/self/|/(?:root|home)/\.?\w+"),
    "SQL": re.compile(
        r"psycopg|SQLSTATE|\bSELECT\s[^;]{1,300}?\sFROM\s|\bINSERT\s+INTO\s|relation \\?\"[^\"\\]+\\?\" does not exist"
        r"|syntax error at or near|duplicate key value violates",
    ),
    "a token": re.compile(r"eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
SHOWN_MAX = 80


def leaks(answer: str, asked: str, words: Mapping[str, Sequence[str]]) -> list[str]:
    """What `answer` holds and should not. asked: address, headers and body. words: by what they are."""
    known = (asked, unquote_plus(asked), _in_json(asked), _in_json(unquote_plus(asked)))
    found = [(kind, hit) for kind, hit in _hits(answer, words) if not any(hit in text for text in known)]
    return [f"{kind}: {hit[:SHOWN_MAX]!r}" for kind, hit in dict.fromkeys(found)]


def _hits(answer: str, words: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    for kind, form in FORMS.items():
        yield from ((kind, match[0]) for match in form.finditer(answer))
    for kind, several in words.items():
        yield from ((kind, word) for word in several if word in answer)


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]
