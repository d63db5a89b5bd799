"""An event as one plain sentence, by the template that stands as `sentence` in its Avro file. Pure.

A template is text with fields in braces, `{field}` or `{field.part}`, each with filters behind bars, applied from left to right:

lower, words            in small letters; also with blanks for `_`
why                     `: the text` without its full stop; nothing when there is none
unstopped               without the full stop at its end
count:THING             `1 THING`, `2 THINGs`: of a number, or of a list by its length
number, plural:THING    only the length of a list; only `THING` or `THINGs`
choose:ONE/OTHER        ONE when it is true, else OTHER
or:FIELD, else:TEXT     another field, or a text, when the value is missing or empty
each:FIELD              of a list of records: that field of each
distinct, tally         of a list: its different items in order; how many of each, as `2 finished, 1 failed`
told                    a part, or a list of parts, by the `sentence` of their own Avro file

A sentence may be a list of `{"when": FIELD, "say": TEMPLATE}`: the first whose field has a value is taken; the last one has no
`when`. There is nothing else in it: no call, no arithmetic, no access to anything but declared fields. `schemas.declarations`
checks all of them against the fields. An event without a sentence is shown by its name.
"""

import re
from collections.abc import Callable
from functools import cache
from operator import attrgetter
from typing import Any

from schemas.catalog import CATALOG

Tell = Callable[[Any], str]
#: (record, value) -> value
Step = Callable[[Any, Any], Any]
FIELD = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)((?:\|[^|{}]+)*)\}")
#: Filters with the argument that they need: none, a text, a field of the record, or a field of the items.
FILTERS = {
    "lower": "", "words": "", "why": "", "unstopped": "", "number": "", "distinct": "", "tally": "", "told": "",
    "count": "text", "plural": "text", "choose": "text", "else": "text", "or": "field", "each": "item field",
}  # fmt: skip


class BadTemplate(ValueError):
    """A template that cannot be read; the message names what was found and what was expected."""


def sentence_of(event: Any) -> str:
    """What happened, for people."""
    return _teller(event.__class__)(event)


def fields_of(template: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each field of a template with its filters and their arguments; raises BadTemplate."""
    rest = FIELD.sub("", template)
    if "{" in rest or "}" in rest:
        raise BadTemplate(f"found {template!r}, expected braces only as {{field|filter:argument}}")
    return [(path, [_filter(text) for text in filters.split("|")[1:]]) for path, filters in FIELD.findall(template)]


def alternatives(declared: Any) -> list[tuple[str | None, str]]:
    """(field that must have a value, template) of a `sentence`, the last one without a field; raises BadTemplate."""
    if isinstance(declared, str):
        return [(None, declared)]
    if not isinstance(declared, list) or not declared:
        raise BadTemplate(f"found {declared!r}, expected a template or a list of them")
    found: list[tuple[str | None, str]] = []
    for number, one in enumerate(declared, start=1):
        expected = {"say"} if number == len(declared) else {"when", "say"}
        if not isinstance(one, dict) or set(one) != expected or not all(isinstance(text, str) for text in one.values()):
            raise BadTemplate(f"found {one!r}, expected an object of {' and '.join(sorted(expected))}")
        found.append((one.get("when"), one["say"]))
    return found


def compiled(declared: Any) -> Tell:
    """The function that tells a record by a `sentence`; raises BadTemplate."""
    *cases, (_, last) = alternatives(declared)
    otherwise = _template(last)
    if not cases:
        return otherwise
    choices = [(attrgetter(when), _template(text)) for when, text in cases if when is not None]

    def tell(record: Any) -> str:
        return next((say for has, say in choices if _is_there(has(record))), otherwise)(record)

    return tell


@cache
def _teller(kind: type) -> Tell:
    entry = _declared(kind)
    if entry is not None:
        return compiled(entry)
    # The event's name taken apart: TaskFinalized -> Task finalized.
    name = re.sub(r"(?<!^)([A-Z])", lambda found: " " + found.group(1).lower(), kind.__name__) + "."
    return lambda record: name


def _declared(kind: type) -> Any:
    """The `sentence` of a generated class: messages stand in the module of their aggregate, parts in one of all."""
    full_name = f"culm.{kind.__module__.removeprefix('schemas.')}.{kind.__name__}"
    if full_name in CATALOG:
        return CATALOG[full_name].schema.get("sentence")
    return next((one.schema.get("sentence") for one in CATALOG.values() if one.name == kind.__name__), None)


def _template(template: str) -> Tell:
    values = [_value(path, filters) for path, filters in fields_of(template)]
    texts = FIELD.sub("{}", template).split("{}")
    pairs = list(zip(values, texts[1:], strict=True))
    first = texts[0]

    def tell(record: Any) -> str:
        return first + "".join([f"{value(record)}{text}" for value, text in pairs])

    return tell


def _value(path: str, filters: list[tuple[str, str]]) -> Callable[[Any], Any]:
    getter = attrgetter(path)
    steps = [_step(name, argument) for name, argument in filters]
    if not steps:
        return getter

    def value_of(record: Any) -> Any:
        value = getter(record)
        for step in steps:
            value = step(record, value)
        return value

    return value_of


def _filter(text: str) -> tuple[str, str]:
    name, _, argument = text.partition(":")
    if name not in FILTERS or bool(FILTERS[name]) != bool(argument):
        needed = [f"{one}:{kind.upper()}" if kind else one for one, kind in FILTERS.items()]
        raise BadTemplate(f"found the filter {text!r}, expected one of {', '.join(needed)}")
    if name == "choose" and argument.count("/") != 1:
        raise BadTemplate(f"found choose:{argument}, expected two texts with one / between them")
    return name, argument


def _step(name: str, argument: str) -> Step:
    match name:
        case "or":
            other = attrgetter(argument)
            return lambda record, value: value if _is_there(value) else other(record)
        case "else":
            return lambda record, value: value if _is_there(value) else argument
        case "choose":
            one, _, rest = argument.partition("/")
            return lambda record, value: one if value else rest
        case "count":
            return lambda record, value: f"{_number(value)} {_plural(value, argument)}"
        case "plural":
            return lambda record, value: _plural(value, argument)
        case "each":
            part = attrgetter(argument)
            return lambda record, value: [part(item) for item in value]
        case _:
            return _PLAIN[name]


def _is_there(value: Any) -> bool:
    """False for what is missing or empty, and for false; a number is always there."""
    return value is not None and value is not False and value != "" and value != ()


def _number(value: Any) -> int:
    return value if isinstance(value, int) else len(value)


def _plural(value: Any, thing: str) -> str:
    return thing if _number(value) == 1 else f"{thing}s"


def _tally(values: list[Any]) -> str:
    """Enumerated words with how many there are of each, in the order of the enumeration."""
    order = type(values[0]) if values else ()
    return ", ".join(f"{values.count(word)} {str(word).lower()}" for word in order if word in values)


def _told(value: Any) -> str:
    return "; ".join(sentence_of(part) for part in value) if isinstance(value, tuple) else sentence_of(value)


_PLAIN: dict[str, Step] = {
    "lower": lambda record, value: str(value).lower(),
    "words": lambda record, value: str(value).lower().replace("_", " "),
    "why": lambda record, value: f": {str(value).rstrip('.')}" if value else "",
    "unstopped": lambda record, value: str(value).rstrip("."),
    "number": lambda record, value: _number(value),
    "distinct": lambda record, value: ", ".join(sorted(set(value))),
    "tally": lambda record, value: _tally(value),
    "told": lambda record, value: _told(value),
}
