"""What is declared beside the schemas, checked against them: sentences, rights, keys, what is shown, what refers to what. Pure.

In: the catalogue. Out: a sentence for each declaration that says something which is not there; empty when all is well.
`python -m schemas check` prints them, a test holds that there are none. The attributes: `docs/reference/declarations.md`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from schemas.aggregates import AGGREGATES
from schemas.catalog import CATALOG, CatalogEntry
from schemas.sentences import BadTemplate, alternatives, fields_of

CLASSES = ("user", "internal", "pilot", "report", "operator", "administrator", "system")
#: Those whose commands touch something of someone.
WITH_SCOPE = ("user", "internal", "pilot", "operator", "report")
SCOPES = (
    "own task", "own job", "own dataset", "own name", "own lease", "own worker", "own harvester", "own workflow",
    "own settings", "own secret", "nothing owned",
)  # fmt: skip
#: What a token may have in place of roles, where tasks and jobs are concerned.
CAPABILITIES = ("compute.read", "compute.create", "compute.modify", "compute.cancel")
WITH_CAPABILITY = ("user", "internal")
#: Filters after which a missing value does no harm.
TAKES_NOTHING = ("why", "else", "or", "choose")


def declaration_problems(entries: Iterable[CatalogEntry] | None = None) -> list[str]:
    """`File: attribute: found ..., expected ...` for everything that is declared wrongly."""
    return [
        f"{entry.path.name}: {problem}"
        for entry in (CATALOG.values() if entries is None else entries)
        if entry.schema["type"] == "record"
        for problem in _problems(entry)
    ]


def _problems(entry: CatalogEntry) -> Iterator[str]:
    schema = entry.schema
    if "sentence" in schema:
        yield from _sentence_problems(schema)
    elif entry.role == "events" and schema.get("timeline", True):
        yield "sentence: found none, expected what happened in words, or timeline: false"
    if schema.get("timeline", True) not in (True, False):
        yield f"timeline: found {schema['timeline']!r}, expected true or false"
    if entry.role == "commands" or "right" in schema:
        yield from _right_problems(schema.get("right"))
    if "answer" in schema and (entry.role, schema["answer"]) != ("commands", "event"):
        yield f"answer: found {schema['answer']!r}, expected 'event', at a command"
    if "key" in schema and field_at(schema, schema["key"]) is None:
        yield f"key: found {schema['key']!r}, expected a field"
    for field in schema["fields"]:
        if "refers" in field and field["refers"] not in AGGREGATES:
            yield f"{field['name']}: refers: found {field['refers']!r}, expected one of {', '.join(AGGREGATES)}"
        if "shown" in field:
            yield from _shown_problems(field)


def _right_problems(right: Any) -> Iterator[str]:
    if not isinstance(right, dict) or right.get("class") not in CLASSES or not set(right) <= {"class", "scope", "capability"}:
        yield f"right: found {right!r}, expected an object with class, one of {', '.join(CLASSES)}, and scope"
    elif (right["class"] in WITH_SCOPE) != ("scope" in right):
        yield f"right: found {right!r}, expected a scope for {', '.join(WITH_SCOPE)} and for no other class"
    elif right.get("scope", SCOPES[0]) not in SCOPES:
        yield f"right: scope: found {right['scope']!r}, expected one of {', '.join(SCOPES)}"
    elif "capability" in right and (right["capability"] not in CAPABILITIES or right["class"] not in WITH_CAPABILITY):
        known = ", ".join(CAPABILITIES)
        yield f"right: capability: found {right['capability']!r}, expected one of {known}, for {' or '.join(WITH_CAPABILITY)}"


def _sentence_problems(schema: Mapping[str, Any]) -> Iterator[str]:
    try:
        cases = alternatives(schema["sentence"])
        for when, template in cases:
            if when is not None and field_at(schema, when) is None:
                yield f"sentence: when: found {when!r}, expected a field"
            for path, filters in fields_of(template):
                yield from _field_problems(schema, path, filters, when)
    except BadTemplate as problem:
        yield f"sentence: {problem}"


def _field_problems(schema: Mapping[str, Any], path: str, filters: list[tuple[str, str]], when: str | None) -> Iterator[str]:
    node = field_at(schema, path)
    if node is None:
        yield f"sentence: found {{{path}}}, expected a field"
        return
    if isinstance(node, list) and path != when and (not filters or filters[0][0] not in TAKES_NOTHING):
        yield f"sentence: found {{{path}}}, which may be missing, expected one of the filters {', '.join(TAKES_NOTHING)}"
    for name, argument in filters:
        if name == "or" and field_at(schema, argument) is None:
            yield f"sentence: found or:{argument}, expected a field"
        if name == "each" and field_at(record_of(node) or {"fields": ()}, argument) is None:
            yield f"sentence: found each:{argument} of {path}, expected a field of the records in a list"
        if name == "told" and "sentence" not in (record_of(node) or ()):
            yield f"sentence: found {{{path}|told}}, expected a part that has a sentence"


def _shown_problems(field: Mapping[str, Any]) -> Iterator[str]:
    shown, part = field["shown"], record_of(field["type"])
    match shown:
        case "omit":
            names: list[str] = []
        case "count" if isinstance(field["type"], dict) and field["type"]["type"] == "array":
            names = []
        case {"as": str(), "count": str(path)} if len(shown) == 2 and part is not None:
            names = [path]
        case dict() if part is not None and set(shown) <= {"only", "count"}:
            names = [name for listed in shown.values() for name in listed]
        case _:
            yield f"{field['name']}: shown: found {shown!r}, expected omit, count of a list, or what is shown of a record"
            return
    for name in names:
        if field_at(part or {"fields": ()}, name) is None:
            yield f"{field['name']}: shown: found {name!r}, expected a field of its record"


def field_at(schema: Mapping[str, Any], path: str) -> Any:
    """Avro type of the field at a dotted `path`; None when there is none."""
    first, _, rest = path.partition(".")
    node = next((field["type"] for field in schema["fields"] if field["name"] == first and first != "envelope"), None)
    if node is None or not rest:
        return node
    inner = CATALOG[node].schema if isinstance(node, str) and node in CATALOG else None
    return field_at(inner, rest) if inner is not None and "fields" in inner else None


def record_of(node: Any) -> Mapping[str, Any] | None:
    """Schema of the record that a type is, or is a list of."""
    if isinstance(node, list):
        return record_of(node[1])
    if isinstance(node, dict) and node["type"] == "array":
        return record_of(node["items"])
    found = CATALOG[node].schema if isinstance(node, str) and node in CATALOG else None
    return found if found is not None and found["type"] == "record" else None
