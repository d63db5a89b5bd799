"""Methods and records of `culm-client` from the OpenAPI document: `python -m tests.client.generate` writes them.

In: the public document of an application that reaches nothing. Out: `records.py`, `sync_operations.py` and `async_operations.py`
of the client. `tests/client/test_operations.py` holds that they are current, and that methods and document agree.
"""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

Document = dict[str, Any]
TARGET = Path(__file__).parents[2] / "client" / "src" / "culm" / "client"
MADE = "Made by `python -m tests.client.generate` from the OpenAPI document; edit nothing here."
TYPES = {  # of JSON
    "string": "str", "integer": "int", "number": "float", "boolean": "bool", "array": "Sequence[Any]",
    "object": "Mapping[str, Any]",
}  # fmt: skip
#: What the client itself decides: in which form it reads a stream, and that a list is a page.
SET_BY_CLIENT = {
    ("follow_events", "accept"), ("list_events", "accept"), ("list_events", "follow"), ("list_events", "last-event-id"),
}  # fmt: skip
STREAM = "follow_events"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a method. place: path, query, header or body. name: in the document. spelled: in Python."""

    place: str
    name: str
    spelled: str
    kind: str
    is_required: bool

    def declared(self) -> str:
        """As it stands in the signature."""
        return f"{self.spelled}: {self.kind}" if self.is_required else f"{self.spelled}: {self.kind} | None = None"


def document() -> Document:
    """The public document."""
    from api.app import create_app
    from identity.issuer import signing_key
    from tests.api.test_routes import Client, services_at

    with TemporaryDirectory() as folder:
        signing_key(Path(folder))
        found: Document = Client(create_app(services_at(Path(folder)))).get("/openapi.json").json()
        return found


def operations(found: Document) -> Iterator[tuple[str, str, Document]]:
    """(method, path, operation) of each, by name."""
    every = [(method, path, one) for path, methods in found["paths"].items() for method, one in methods.items()]
    return iter(sorted(every, key=lambda entry: str(entry[2]["operationId"])))


def arguments_of(operation: Document) -> list[Argument]:
    """Arguments in the order of the method: required ones first."""
    fields = body_of(operation).get("properties", {})
    found = []
    for one in operation.get("parameters", ()):
        if (operation["operationId"], one["name"]) in SET_BY_CLIENT:
            continue
        name = one["name"].replace("-", "_")
        spelled = f"{name}_{one['in']}" if name in fields else name
        found.append(Argument(one["in"], one["name"], _spelled(spelled), python_type(one["schema"]), one.get("required", False)))
    required = body_of(operation).get("required", ())
    for name, schema in fields.items():
        kind = "str | int" if name == "aggregate_id" else python_type(schema)
        found.append(Argument("body", name, _spelled(name), kind, name in required))
    return sorted(found, key=lambda one: not one.is_required)


def body_of(operation: Document) -> Document:
    """Schema of the body; empty where the document describes none."""
    content = operation.get("requestBody", {}).get("content", {})
    schema: Document = content.get("application/json", {}).get("schema", {})
    return schema


def python_type(schema: Document) -> str:
    """The type of a value that is there."""
    for one in schema.get("anyOf", ()):
        if one.get("type") != "null":
            return python_type(one)
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next(one for one in kind if one != "null")
    if kind == "string" and schema.get("format") == "date-time":
        return "datetime"
    return TYPES.get(str(kind), "Any")


def records(found: Document) -> str:
    """The text of records.py."""
    lines = [f'"""Rows that the API answers with. {MADE}"""', "", "from collections.abc import Mapping, Sequence",
             "from datetime import datetime", "from typing import Any", "", "from culm.client.rows import Row"]  # fmt: skip
    for name, schema in found["components"]["schemas"].items():
        if name != "Problem":
            lines += ["", "", f"class {name}(Row, kw_only=True):", f'    """{name}, as the OpenAPI document names it."""', ""]
            lines += [f"    {_spelled(field)}: {python_type(one)} | None = None" for field, one in schema["properties"].items()]
    return "\n".join(lines) + "\n"


def methods(found: Document, *, is_async: bool) -> str:
    """The text of sync_operations.py, or of async_operations.py."""
    pages, stream, name = ("AsyncPages", "AsyncIterator", "AsyncOperations") if is_async else ("Pages", "Iterator", "Operations")
    awaited = "async " if is_async else ""
    rows = sorted({row for _, _, one in operations(found) for row, _ in [_answer(one)] if row[:1].isupper()} | {"Event"})
    lines = [
        f'"""Every operation of the API as a method. {MADE}"""', "",
        f"from collections.abc import {', '.join(sorted([stream, 'Mapping', 'Sequence']))}",
        "from typing import Any", "", "from culm.client.calls import Call", f"from culm.client.pages import {pages}",
        "from culm.client.records import (", *(f"    {row}," for row in rows), ")",
        "from culm.client.rows import R", "", "",
        f"class {name}:", '    """Methods by the names of the operations. The class that inherits them sends the calls."""', "",
        f"    {awaited}def _document(self, call: Call) -> Any:", "        raise NotImplementedError", "",
        f"    {awaited}def _row(self, kind: type[R], call: Call) -> R:", "        raise NotImplementedError", "",
        f"    def _pages(self, kind: type[R], name: str, call: Call) -> {pages}[R]:", "        raise NotImplementedError", "",
        f"    {awaited}def _content(self, call: Call) -> bytes:", "        raise NotImplementedError", "",
        f"    def _events(self, call: Call) -> {stream}[Event]:", "        raise NotImplementedError",
    ]  # fmt: skip
    for method, path, operation in operations(found):
        lines += ["", *_method(method, path, operation, pages, stream, is_async)]
    return "\n".join(lines) + "\n"


def _answer(operation: Document) -> tuple[str, str]:
    """What the method gives: a row's class and the name of a page's rows, or `document`, `content`, `stream`."""
    good = next(one for status, one in operation["responses"].items() if status.startswith("2"))
    schema = good.get("content", {}).get("application/json", {}).get("schema")
    if operation["operationId"] == STREAM:
        return "stream", ""
    if schema is None:
        return "content", ""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2], ""
    for name, one in schema.get("properties", {}).items():
        if "$ref" in one.get("items", {}):
            return one["items"]["$ref"].rpartition("/")[2], name
    return "document", ""


def _method(method: str, path: str, operation: Document, pages: str, stream: str, is_async: bool) -> Iterator[str]:
    arguments = arguments_of(operation)
    first = ", ".join(["self", *(one.declared() for one in arguments if one.is_required)])
    rest = ", ".join(one.declared() for one in arguments if not one.is_required)
    if not body_of(operation) and method in ("post", "put"):
        rest = ", ".join(filter(None, [rest, "body: Mapping[str, Any] | None = None"]))
    signature = f"{first}, *, {rest}" if rest else first
    given, rows = _answer(operation)
    call = _call(method, path, operation, arguments)
    awaited, defined = ("await ", "async def") if is_async else ("", "def")
    if given == "stream":
        defined, kind, sent = "def", f"{stream}[Event]", f"self._events({call})"
    elif rows:
        defined, kind, sent = "def", f"{pages}[{given}]", f'self._pages({given}, "{rows}", {call})'
    elif given == "content":
        kind, sent = "bytes", f"{awaited}self._content({call})"
    elif given == "document":
        kind, sent = "dict[str, Any]", f"{awaited}self._document({call})"
    else:
        kind, sent = given, f"{awaited}self._row({given}, {call})"
    yield f"    {defined} {operation['operationId']}({signature}) -> {kind}:"
    yield f'        """{_said(operation)}"""'
    if given == "document":
        yield f"        found: dict[str, Any] = {sent}"
        yield "        return found"
    else:
        yield f"        return {sent}"


def _call(method: str, path: str, operation: Document, arguments: list[Argument]) -> str:
    parts = [f'"{method.upper()}", "{path}"']
    for place, keyword_name in (("path", "parts"), ("query", "query"), ("header", "headers")):
        chosen = [(one.name, one.spelled) for one in arguments if one.place == place]
        parts += [_dict(keyword_name, chosen)] if chosen else []
    inside = [one for one in arguments if one.place == "body"]
    fields = [(one.name, f"str({one.spelled})" if one.name == "aggregate_id" else one.spelled) for one in inside]
    if fields:
        parts.append(_dict("body", fields))
    elif method in ("post", "put"):
        parts.append("body=body")
    return f"Call({', '.join(parts)})"


def _dict(name: str, fields: list[tuple[str, str]]) -> str:
    inside = ", ".join(f'"{field}": {value}' for field, value in fields)
    return f"{name}={{{inside}}}"


def _said(operation: Document) -> str:
    """The summary, or the first paragraph of what the route says; with what the description adds for a command."""
    summary, description = str(operation.get("summary", "")), str(operation.get("description", ""))
    paragraph = " ".join(description.split("\n\n")[0].split())
    text = f"{summary} {paragraph}" if summary.endswith(".") else paragraph or summary
    return re.sub(r"\s+", " ", text).replace("\\", "\\\\").replace('"""', "'''").strip()


def _spelled(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def texts(found: Document) -> Mapping[str, str]:
    """Name of each generated file -> its text."""
    return {
        "records.py": records(found),
        "sync_operations.py": methods(found, is_async=False),
        "async_operations.py": methods(found, is_async=True),
    }


if __name__ == "__main__":
    for file, text in texts(document()).items():
        (TARGET / file).write_text(text, encoding="utf-8")
        print(TARGET / file)
