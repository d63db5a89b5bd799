"""The reference of the configuration: `python -m tests.manual.configuration` writes docs/operator/configuration.md.

In: the frozen dataclasses that processes read from their environment, and the code that reads them. Out: for every field its
variable, type, default and purpose, as the docstring of its class has it; and every other variable of the production code, as
`tests/manual/variables.py` explains it. Raises ValueError for a field without a purpose.
"""

import ast
import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from agents.harvester.config import HarvesterConfig
from agents.pilot.config import PilotConfig
from api.config import ApiConfig
from api.edge.config import EdgeConfig
from audit.notary.config import NotaryConfig
from commands.config import DeciderConfig
from deploy.config import Ports, StackConfig
from process.addresses import VARIABLES, ApiAddresses
from process.instances import KINDS
from process.kafka_security import PREFIX, KafkaSecurity
from process.servers import PORT_VARIABLES
from projections.config import ProjectorConfig
from streams.config import StreamsConfig, TimersConfig
from tests.manual.reading import READERS, Reading, variables_of
from tests.manual.variables import OTHERS

ROOT = Path(__file__).parent.parent.parent
FILE = ROOT / "docs" / "operator" / "configuration.md"
#: Section -> its class, in the order of the page.
SECTIONS: Mapping[str, type] = {
    "A stack (`culm up`)": StackConfig,
    "Ports of a stack": Ports,
    "Addresses of the API": ApiAddresses,
    "Log in at Kafka": KafkaSecurity,
    "Decider": DeciderConfig,
    "Processors": StreamsConfig,
    "Timers": TimersConfig,
    "Projector": ProjectorConfig,
    "Notary": NotaryConfig,
    "API": ApiConfig,
    "Edge for X.509": EdgeConfig,
    "Harvester": HarvesterConfig,
    "Pilot": PilotConfig,
}
HEAD = """# Configuration

Made by `python -m tests.manual.configuration` from the frozen dataclasses of the processes; change those, not this.

Every process reads its environment once, at its start. A variable that is empty counts as not set. A value that does not fit is
refused with the variable, the value and what was expected, and the process does not start. A field without a variable is fixed in
the code. `culm up` hands the variables of its environment on to the processes of the stack.

"""
#: Defaults that are made when a process starts, in words.
MADE: Mapping[str, str] = {
    "CULM_KAFKA": "127.0.0.1 at `CULM_PORT_KAFKA`",
    "CULM_REGISTRY": "127.0.0.1 at `CULM_PORT_REGISTRY`",
    "CULM_POSTGRES": "127.0.0.1 at `CULM_PORT_POSTGRES`",
    "CULM_HOME": "`.culm` in the checkout",
}
#: Fields whose variables have names that are put together when they are read.
BY_NAME: Mapping[tuple[type, str], tuple[str, ...]] = {
    **{(Ports, server): (variable,) for server, (variable, _) in PORT_VARIABLES.items()},
    **{(KafkaSecurity, field.name): (PREFIX + field.name.upper(),) for field in dataclasses.fields(KafkaSecurity)},
    (StackConfig, "several"): tuple(kind.count_variable for kind in KINDS if kind.name != "mirror"),
    (StackConfig, "api_variables"): VARIABLES,
    (StackConfig, "external"): ("CULM_KAFKA", "CULM_REGISTRY", "CULM_POSTGRES"),
}
TYPES = {
    "str": "text", "int": "whole number", "float": "number", "bool": "0 or 1", "Path": "path", "tuple[str, ...]": "words",
    "frozenset[str]": "words",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One field. variables: that set it, none for one that the code fixes."""

    field: str
    variables: tuple[str, ...]
    type: str
    default: str
    purpose: str

    @property
    def line(self) -> str:
        """The row of the table."""
        shown = ", ".join(f"`{name}`" for name in self.variables) or "none"
        cells = (shown, f"`{self.field}`", self.type, self.default, self.purpose)
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def documentation() -> str:
    """The text of the page."""
    parts = [HEAD]
    for title, cls in SECTIONS.items():
        parts.append(f"## {title}\n\n| variable | field | type | default | what it is for |\n|---|---|---|---|---|\n")
        parts.extend(row.line for row in rows_of(cls))
        parts.append("\n")
    parts.append("## Other variables\n\n| variable | what it is for |\n|---|---|\n")
    parts.extend(f"| `{name}` | {purpose} |\n" for name, purpose in sorted(OTHERS.items()))
    return "".join(parts)


def rows_of(cls: type) -> Iterator[Row]:
    """Every field of a configuration; raises ValueError for one without a purpose."""
    module = sys.modules[cls.__module__]
    purposes, reading = _purposes(cls), Reading(module, cls)
    for field in dataclasses.fields(cls):
        expression = reading.of(field.name)
        variables = tuple(dict.fromkeys(variables_of(expression, module, reading.locals))) if expression else ()
        variables = BY_NAME.get((cls, field.name), variables)
        purpose = purposes.get(field.name) or _by_reader(expression, module)
        if not purpose:
            raise ValueError(f"{cls.__name__}.{field.name} has no purpose, expected `{field.name}: ...` in the docstring")
        yield Row(field.name, variables, _type(field), _default(field, expression, variables, module), purpose)


def _type(field: "dataclasses.Field[Any]") -> str:
    text = field.type if isinstance(field.type, str) else inspect.formatannotation(field.type)
    text = re.sub(r"\b(?:pathlib\.|collections\.abc\.|\w+\.)+(\w+)", r"\1", text)
    optional = text.endswith(" | None")
    text = text.removesuffix(" | None")
    return TYPES.get(text, f"`{text}`") + (" (optional)" if optional else "")


def _default(
    field: "dataclasses.Field[Any]", expression: ast.expr | None, variables: tuple[str, ...], module: ModuleType
) -> str:
    """Where a reader names a default, that one; else the field's own."""
    if len(variables) == 1 and variables[0] in MADE:
        return MADE[variables[0]]
    if len(variables) == 1 and variables[0] in PORT_DEFAULTS:
        return PORT_DEFAULTS[variables[0]]
    match expression:
        case ast.IfExp(orelse=ast.Constant(value=None)):
            return "none"
        case ast.Call(func=ast.Attribute(attr="is_set")):
            return "`0`"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="settings")), args=[_, given]):
            return _shown(given, module)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="settings")), args=[_]):
            return "none" if field.default is not dataclasses.MISSING and not field.default else "must be set"
        case _:
            pass
    if field.default is not dataclasses.MISSING:
        shown = 0 if field.default is False else field.default
        return "none" if shown in (None, "", (), frozenset()) else f"`{shown}`"
    return "none" if field.default_factory is not dataclasses.MISSING else "follows from the others"


def _shown(given: ast.expr, module: ModuleType) -> str:
    """A default as a person would write it; what depends on the machine stays an expression."""
    text = re.sub(r"\bhome_of\(settings\)|\bhome\b", "CULM_HOME", ast.unparse(given))
    if not any(isinstance(node, ast.Call) or getattr(node, "id", "") == "CHECKOUT" for node in ast.walk(given)):
        with suppress(NameError):
            text = str(eval(compile(ast.Expression(given), "<default>", "eval"), dict(vars(module))))
    return f"`{text}`" if text else "none"


PORT_DEFAULTS = {variable: f"`{port}`" for variable, port in PORT_VARIABLES.values()}


def _purposes(cls: type) -> dict[str, str]:
    """Field -> what the class says of it: `field: text` in its docstring, else the comment above the field."""
    names = [field.name for field in dataclasses.fields(cls)]
    text = " ".join(inspect.cleandoc(cls.__doc__ or "").split())
    one = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    found: dict[str, str] = {}
    starts = list(re.finditer(rf"(?:(?<=[.;] )|^)((?:{one})(?:, (?:{one}))*): ", text))
    for start, after in zip(starts, [*starts[1:], None], strict=False):
        purpose = text[start.end() : after.start() if after else None].strip().rstrip(";")
        found |= dict.fromkeys(start.group(1).split(", "), purpose)
    return _comments(cls) | found


def _comments(cls: type) -> dict[str, str]:
    """Field -> the `#:` comment above it, which counts for the fields that follow without one."""
    found: dict[str, str] = {}
    comment: list[str] = []
    is_open = False
    for line in inspect.getsource(cls).splitlines():
        stripped = line.strip()
        if stripped.startswith("#:"):
            comment = [*comment, stripped[2:].strip()] if is_open else [stripped[2:].strip()]
            is_open = True
        elif named := re.match(r"    (\w+): [^=]+(?:= |$)", line):
            is_open = False
            if comment:
                found[named[1]] = " ".join(comment)
        elif not stripped or stripped.startswith(("@", "def ")):
            comment = []
    return found


def _by_reader(expression: ast.expr | None, module: ModuleType) -> str:
    """The first sentence of the function that reads the field."""
    for node in ast.walk(expression) if expression else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            said = inspect.getdoc(getattr(module, node.func.id, None)) or ""
            if said and node.func.id in READERS:
                return " ".join(said.split("\n\n")[0].split())
    return ""


def main() -> int:
    """Write the page."""
    FILE.write_text(documentation(), encoding="utf-8")
    print(FILE.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
