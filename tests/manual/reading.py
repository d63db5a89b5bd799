"""Which variable of the environment gives which field of a configuration, by the code that reads it.

In: the module of a frozen dataclass with its `from_environ`, `from_settings` or `read_config`. Out: for each field the
expression that gives it, and the variables that this expression reads.
"""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType

from process.addresses import VARIABLES
from process.servers import PORT_VARIABLES

NAME = re.compile(r"(?:CULM|PANDA|HARVESTER)_[A-Z0-9_]*[A-Z0-9]")
#: Readers of addresses: each is one setting, with more variables behind it that have sections of their own.
READERS: Mapping[str, tuple[str, ...]] = {
    "kafka_of": ("CULM_KAFKA",), "secured": ("CULM_KAFKA",), "own_kafka": ("CULM_KAFKA",),
    "registry_of": ("CULM_REGISTRY",), "local_registry": ("CULM_REGISTRY",),
    "postgres_of": ("CULM_POSTGRES",), "local_postgres": ("CULM_POSTGRES",),
    "home_of": ("CULM_HOME",), "mirrored_vos": ("CULM_MIRROR_VOS",), "edge_socket_of": ("CULM_EDGE_SOCKET",),
}  # fmt: skip
DEPTH_MAX = 3


class Reading:
    """The call that makes a configuration: what each field is read by, and the names around it."""

    def __init__(self, module: ModuleType, cls: type) -> None:
        tree = ast.parse(inspect.getsource(module))
        self.locals: dict[str, ast.expr] = {}
        self._by_field: dict[str, ast.expr] = {}
        names = [field.name for field in dataclasses.fields(cls)]
        functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
        for function in (one for one in functions if one.name.startswith(("from_", "read_"))):
            within = cls.__name__ if function in _methods(tree, cls.__name__) else ""
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if isinstance(call.func, ast.Name) and call.func.id in ({"cls", cls.__name__} if within else {cls.__name__}):
                    found = dict(zip(names, call.args, strict=False))
                    found |= {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
                    self._by_field, self.locals = found, _assigned(function)

    def of(self, field: str) -> ast.expr | None:
        """The expression that gives the field; for a name the one that it stands for."""
        found = self._by_field.get(field)
        return self.locals.get(found.id, found) if isinstance(found, ast.Name) else found


def _methods(tree: ast.Module, name: str) -> list[ast.stmt]:
    return [node for one in tree.body if isinstance(one, ast.ClassDef) and one.name == name for node in one.body]


def _assigned(function: ast.FunctionDef) -> dict[str, ast.expr]:
    """Local name -> the expression that it stands for, or that it is a part of."""
    return {
        name.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }


def variables_of(node: ast.expr, module: ModuleType, known: Mapping[str, ast.expr], depth: int = 0) -> Iterator[str]:
    """Variables of the environment that an expression reads, in the order of the text. known: local names around it."""
    if (named := _named(node, module)) is not None:
        yield from named
        return
    match node:
        case ast.Name(id=name):
            if name in known and depth < DEPTH_MAX:
                others = {key: value for key, value in known.items() if key != name}
                yield from variables_of(known[name], module, others, depth + 1)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="settings" | "environ")), args=[first, *_]):
            yield from variables_of(first, module, known, depth)
        case ast.IfExp(body=body, orelse=orelse):
            for one in (body, orelse):
                yield from variables_of(one, module, known, depth)
        case ast.Call(func=ast.Name(id=name), args=args) if isinstance(found := getattr(module, name, None), FunctionType):
            for inner in [*args, *_called(found, depth)]:
                yield from variables_of(inner, module, known, depth + 1)
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    yield from variables_of(child, module, known, depth)


def _named(node: ast.expr, module: ModuleType) -> tuple[str, ...] | None:
    """The variables that an expression names itself; None for one that has to be looked into."""
    match node:
        case ast.Constant(value=str(text)):
            return (text,) if NAME.fullmatch(text) else ()
        case ast.Name(id=name) if isinstance(found := getattr(module, name, None), str):
            return (found,) if NAME.fullmatch(found) else ()
        case ast.JoinedStr():
            return (text,) if NAME.fullmatch(text := _joined(node, module)) else ()
        case ast.Call(func=ast.Name(id=name)) if name in READERS:
            return READERS[name]
        case ast.Call(func=ast.Attribute(value=ast.Name(id="ApiAddresses"))):
            return ("CULM_API", *VARIABLES)
        case ast.Call(func=ast.Name(id="port_of"), args=[_, ast.Constant(value=str(server))]):
            return (PORT_VARIABLES[server][0],)
        case _:
            return None


def _called(function: FunctionType, depth: int) -> list[ast.expr]:
    """What a function of the same module evaluates."""
    if depth >= DEPTH_MAX:
        return []
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]


def _joined(node: ast.JoinedStr, module: ModuleType) -> str:
    """A text with names of the module in braces."""
    parts = [
        part.value if isinstance(part, ast.Constant) else getattr(module, getattr(getattr(part, "value", None), "id", ""), "")
        for part in node.values
    ]
    return "".join(str(part) for part in parts)
