"""Hostile requests piece by piece: targets, queries, bodies and headers as bytes on the wire."""

import copy
import dataclasses
import gzip
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import strategies as st

from tests.hostile import naughty
from tests.hostile.message import Request, Sender

Drawn = tuple[Request, str]
JSON, FORM = {"Content-Type": "application/json"}, {"Content-Type": "application/x-www-form-urlencoded"}
#: What a request line may hold; longer texts are cut, a server refuses them before any of our code sees them.
TARGET_MAX = 40_000


@cache
def bomb() -> bytes:
    """A body that is a thousand times as large when it is unpacked; made when it is first wanted."""
    return gzip.compress(b'{"a":"' + b"x" * 20_000_000 + b'"}', 6, mtime=0)


#: As they stand in a path or a query, beside the percent-encoded texts of the dictionary.
ENCODED = (
    "%00",
    "%ff%fe",
    "%ed%a0%80",
    "%",
    "%zz",
    "%2f",
    "%25%30%30",
    "%c0%af",
    "%0d%0aX:y",
    "+",
    ";",
    "%E2%80%AE",
    "&&",
    "a%00b",
)
VALUES: tuple[Any, ...] = (
    *naughty.TEXTS,
    *(str(n) for n in naughty.INTS),
    *(str(n) for n in naughty.HUGE_INTS[-6:-2]),
    *map(str, naughty.FLOATS),
)


def in_target(text: str) -> str:
    """`text` as a part of a path or the value of a query."""
    return text if text in ENCODED else quote(text, safe="", errors="surrogatepass")[:TARGET_MAX]


@st.composite
def queries(draw: st.DrawFn, names: Sequence[str], good: Mapping[str, str]) -> tuple[str, str]:
    """(query, what is odd in it): some of `good`, one to three hostile values, perhaps one twice or one unknown."""
    kept = {name: value for name, value in good.items() if name in names and draw(st.booleans())}
    pairs = [(name, quote(value, safe="")) for name, value in kept.items()]
    description = []
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from((*names, "unknown", "json") if names else ("unknown",)))
        value = draw(st.sampled_from((*VALUES, *ENCODED)))
        pairs += [(name, in_target(value))] * draw(st.sampled_from((1, 1, 1, 2)))
        description.append(f"{name}={value[:60]!r}")
    return "&".join(f"{quote(name, safe='.')}={value}" for name, value in pairs)[:TARGET_MAX], "; ".join(description)


@st.composite
def reading(draw: st.DrawFn, path: str, names: Sequence[str], good: Mapping[str, str], sender: Sender) -> Drawn:
    """A GET of a route: its path's parameters and its query."""
    target, description = path, []
    for name in re.findall(r"{(\w+)(?::\w+)?}", path):
        value = good.get(name, "1")
        if draw(st.integers(0, 2)) == 0:
            value = draw(st.sampled_from((*VALUES, *ENCODED)))
            description.append(f"{name}={value[:60]!r}")
        target = re.sub(rf"{{{name}(?::\w+)?}}", in_target(value).replace("\\", "\\\\"), target)
    if not description or draw(st.booleans()):
        query, said = draw(queries(names, good))
        target, description = f"{target}?{query}", [*description, said]
    headers, odd = draw(odd_headers())
    return Request("GET", target, draw(senders(sender)), headers=headers), "; ".join((*description, odd)).strip("; ")


@st.composite
def odd_headers(draw: st.DrawFn) -> tuple[dict[str, str], str]:
    """Mostly none; else one of the dictionary."""
    if draw(st.integers(0, 5)):
        return {}, ""
    name, value = draw(st.sampled_from(naughty.HEADERS))
    return {name: value}, f"{name}: {value[:40]}"


def senders(usual: Sender) -> st.SearchStrategy[Sender]:
    """Mostly the usual one; a stranger where that is a user."""
    other = Sender.STRANGER if usual is Sender.USER else usual
    return st.sampled_from((*[usual] * 12, *[other] * 4, Sender.NO_ONE))


@st.composite
def with_body(
    draw: st.DrawFn, target: str, sender: Sender, bodies: st.SearchStrategy[tuple[dict[str, Any], str]], *, as_form: bool = False
) -> Drawn:
    """A POST: mostly an object of `bodies`, in one of the forms that are understood; else any bytes."""
    headers, odd = draw(odd_headers())
    if draw(st.integers(0, 7)) == 0:
        body = draw(st.sampled_from((*naughty.BODIES, bomb())))
        return Request("POST", target, draw(senders(sender)), body, {**JSON, **headers}), f"body {body[:30]!r} {odd}"
    content, description = draw(bodies)
    form = as_form and draw(st.booleans())
    body = form_of(content) if form else naughty.json_text(content).encode()
    if draw(st.integers(0, 9)) == 0:
        body, description = gzip.compress(body, 1, mtime=0), f"gzip; {description}"
    kind = {} if draw(st.integers(0, 9)) == 0 else FORM if form else JSON
    return Request("POST", target, draw(senders(sender)), body, {**kind, **headers}), f"{description} {odd}".strip()


@st.composite
def writing(
    draw: st.DrawFn, method: str, path: str, good: Mapping[str, str], sender: Sender, body: Mapping[str, Any]
) -> Drawn:
    """A request of a route that is not read: its path's parameters, and a body as of `with_body`."""
    found, description = draw(with_body(path, sender, changed(body)))
    target = draw(reading(path, (), good, sender))[0].target if draw(st.booleans()) else path
    for name in re.findall(r"{(\w+)(?::\w+)?}", target):
        target = re.sub(rf"{{{name}(?::\w+)?}}", in_target(good.get(name, "1")), target)
    return dataclasses.replace(found, method=method, target=target), f"{method}: {description}"


def form_of(content: Mapping[str, Any]) -> bytes:
    """As pilots send it: values as text, urlencoded; what is no text as JSON."""
    pairs = {str(name): value if isinstance(value, str) else naughty.json_text(value) for name, value in content.items()}
    try:
        return urlencode(pairs).encode()
    except UnicodeEncodeError:
        return urlencode(pairs, errors="surrogatepass").encode()


@st.composite
def changed(
    draw: st.DrawFn, good: Mapping[str, Any], values: Sequence[Any] = naughty.JSON_VALUES, most: int = 3
) -> tuple[dict[str, Any], str]:
    """`good` with one to `most` values replaced, left out or added, at any depth."""
    found: dict[str, Any] = json.loads(json.dumps(good))
    description = []
    for _ in range(draw(st.integers(1, most))):
        holder: Any = found
        name: Any = draw(st.sampled_from([*found, "unknown"]))
        while isinstance(holder.get(name) if isinstance(holder, dict) else holder[name], (dict, list)) and draw(
            st.integers(0, 3)
        ):
            inner = holder[name]
            if not inner:
                break
            holder, name = inner, draw(st.sampled_from(list(inner) if isinstance(inner, dict) else range(len(inner))))
        if draw(st.integers(0, 8)) == 0 and isinstance(holder, dict) and name in holder:
            del holder[name]
            description.append(f"no {name}")
            continue
        holder[name] = copy.deepcopy(draw(st.sampled_from(values)))  # what is put in may be changed next
        description.append(f"{name}={repr(holder[name])[:60]}")
    return found, "; ".join(description)
