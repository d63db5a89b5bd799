"""Python types from the Avro files: `schemas/types.py` (parts) and `schemas/<aggregate>/__init__.py` (messages).

Run by `python -m schemas generate`; the result is checked in, and a test holds that running it again changes nothing.
Every class is a frozen `msgspec.Struct`, which is made and copied (`schemas/records.py`) ten times as fast as a frozen dataclass,
with `to_avro`, `from_avro` and `is_within_bounds`; messages leave the envelope out, because pure code neither needs nor may
invent it.
"""

import textwrap
from pathlib import Path
from typing import Any

from schemas.catalog import CATALOG, FOLDER, CatalogEntry
from schemas.generate_bounds import bounds_check, names_check, sets_used

PRIMITIVES = {"string": "str", "long": "int", "int": "int", "boolean": "bool", "double": "float", "bytes": "bytes"}
HEADER = '"""{doc}\n\nMade by `python -m schemas generate` from the Avro files; change those, not this.\n"""\n'


def generated_files() -> dict[Path, str]:
    """Path -> text of every generated module."""
    parts = [entry for entry in CATALOG.values() if not entry.is_message]
    files = {FOLDER / "types.py": _types_module(_by_need(parts))}
    for aggregate in sorted({entry.aggregate for entry in CATALOG.values() if entry.is_message}):
        own = [entry for entry in CATALOG.values() if entry.is_message and entry.aggregate == aggregate]
        files[FOLDER / aggregate / "__init__.py"] = _messages_module(aggregate, own)
    return files


def write_files() -> list[Path]:
    """Paths of the modules that were written."""
    files = generated_files()
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    return sorted(files)


def _by_need(entries: list[CatalogEntry]) -> list[CatalogEntry]:
    """Enums first, then records, each after the records it uses."""
    done: list[CatalogEntry] = [entry for entry in entries if entry.schema["type"] == "enum"]
    waiting = sorted((entry for entry in entries if entry.schema["type"] == "record"), key=lambda entry: entry.name)
    while waiting:
        names = {entry.full_name for entry in waiting}
        free = [entry for entry in waiting if not (_references(entry.schema) & (names - {entry.full_name}))]
        assert free, f"records use each other in a circle: {sorted(names)}"
        done.extend(free)
        waiting = [entry for entry in waiting if entry not in free]
    return done


def _references(node: Any) -> set[str]:
    """Catalogue names that `node` mentions."""
    if isinstance(node, str):
        return {node} if node in CATALOG else set()
    if isinstance(node, list):
        return set().union(*(_references(branch) for branch in node))
    found: set[str] = set()
    for field in node.get("fields", ()):
        found |= _references(field["type"])
    if node["type"] == "array":
        found |= _references(node["items"])
    return found


def _types_module(entries: list[CatalogEntry]) -> str:
    lines = [HEADER.format(doc="Parts that messages are made of: enumerations and nested records.")]
    lines.append("from enum import StrEnum\nfrom typing import Any, Self\n\nfrom msgspec import Struct\n")
    lines.append(_imported("schemas.characters", sets_used(entries)) + "\n")
    lines += [_class(entry) for entry in entries]
    return "\n".join(lines).rstrip() + "\n"


def _messages_module(aggregate: str, entries: list[CatalogEntry]) -> str:
    entries = sorted(entries, key=lambda entry: (entry.role, entry.name))
    used = sorted({CATALOG[name].name for entry in entries for name in _references(entry.schema)} - _ENVELOPES)
    lines = [HEADER.format(doc=f"What may be said to and by the {aggregate.replace('_', ' ')} aggregate.")]
    lines.append("from typing import Any, Self\n\nfrom msgspec import Struct\n")
    # A class stands two lines below the imports, a constant one.
    imported = _imported("schemas.characters", sets_used(entries)) + _imported("schemas.types", used)
    lines.append(imported if names_check(entries[0]) or not imported else imported + "\n")
    lines += [_class(entry) for entry in entries]
    for role, label in (("commands", "Command"), ("events", "Event")):
        members = [entry.name for entry in entries if entry.role == role]
        if members:
            alias = "".join(word.capitalize() for word in aggregate.split("_")) + label
            lines.append(f"{alias} = (\n    " + "\n    | ".join(members) + "\n)\n")
    return "\n".join(lines).rstrip() + "\n"


_ENVELOPES = {"EventEnvelope", "CommandEnvelope", "SnapshotEnvelope"}


def _imported(module: str, names: list[str]) -> str:
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n" if names else ""


def _class(entry: CatalogEntry) -> str:
    return _enum(entry) if entry.schema["type"] == "enum" else _record(entry)


def _enum(entry: CatalogEntry) -> str:
    body = "".join(f'    {symbol} = "{symbol}"\n' for symbol in entry.schema["symbols"])
    return f"class {entry.name}(StrEnum):\n{_docstring(entry.schema['doc'])}\n{body}\n"


def _record(entry: CatalogEntry) -> str:
    fields = [field for field in entry.schema["fields"] if field["name"] != "envelope"]
    # Records cannot hold themselves, because they never change: the garbage collector need not look at them.
    lines = [names_check(entry) + f"class {entry.name}(Struct, frozen=True, kw_only=True, gc=False):"]
    about = "\n".join(f"{field['name']}: {field['doc']}" for field in fields)
    lines.append(_docstring(entry.schema["doc"], about))
    lines += [f"    {field['name']}: {_python_type(field['type'])}{_default(field)}" for field in fields]
    lines.append("\n    def to_avro(self) -> dict[str, Any]:")
    lines.append('        """The record as fastavro takes it."""')
    lines.append("        return {")
    lines += [f'            "{field["name"]}": {_to_avro(field["type"], "self." + field["name"])},' for field in fields]
    lines.append("        }")
    lines.append("\n    @classmethod\n    def from_avro(cls, record: dict[str, Any]) -> Self:")
    lines.append('        """The record that fastavro read."""')
    lines.append("        return cls(")
    lines += [f"            {f['name']}={_from_avro(f['type'], _item(f['name']))}," for f in fields]
    lines.append("        )\n")
    lines.append(bounds_check(entry) + "\n\n")
    return "\n".join(lines)


def _item(name: str) -> str:
    return f'record["{name}"]'


def _docstring(doc: str, about: str = "") -> str:
    first = textwrap.fill(doc, 112, initial_indent='    """', subsequent_indent="    ")
    if not about:
        return first + '"""\n'
    rest = "\n".join(
        textwrap.fill(line, 112, initial_indent="    ", subsequent_indent="        ") for line in about.splitlines()
    )
    return f'{first}\n\n{rest}\n    """\n'


def _python_type(node: Any) -> str:
    if isinstance(node, list):
        return f"{_python_type(node[1])} | None"
    if isinstance(node, dict):
        return f"tuple[{_python_type(node['items'])}, ...]" if node["type"] == "array" else PRIMITIVES[node["type"]]
    return PRIMITIVES.get(node) or CATALOG[node].name


def _default(field: dict[str, Any]) -> str:
    if "default" not in field:
        return ""
    value, node = field["default"], field["type"]
    if isinstance(node, str) and node in CATALOG:
        return f" = {CATALOG[node].name}.{value}"
    if isinstance(node, dict) and node["type"] == "array":
        return " = ()"
    if node == "bytes":
        return f" = {value.encode('latin-1')!r}".replace("'", '"')
    return f' = "{value}"' if isinstance(value, str) else f" = {value!r}"


def _kind(node: Any) -> str:
    """record, enum or plain."""
    if isinstance(node, str) and node in CATALOG:
        return str(CATALOG[node].schema["type"])
    return "plain"


def _to_avro(node: Any, value: str) -> str:
    if isinstance(node, list):
        inner = _to_avro(node[1], value)
        return value if inner == value else f"None if {value} is None else {inner}"
    if isinstance(node, dict) and node["type"] == "array":
        inner = _to_avro(node["items"], "item")
        return f"list({value})" if inner == "item" else f"[{inner} for item in {value}]"
    return f"{value}.to_avro()" if _kind(node) == "record" else value


def _from_avro(node: Any, value: str) -> str:
    if isinstance(node, list):
        inner = _from_avro(node[1], value)
        return value if inner == value else f"None if {value} is None else {inner}"
    if isinstance(node, dict) and node["type"] == "array":
        inner = _from_avro(node["items"], "item")
        return f"tuple({value})" if inner == "item" else f"tuple({inner} for item in {value})"
    match _kind(node):
        case "record":
            return f"{CATALOG[node].name}.from_avro({value})"
        case "enum":
            # By name, which is the value: calling the class takes three times as long.
            return f"{CATALOG[node].name}[{value}]"
        case _:
            return value
