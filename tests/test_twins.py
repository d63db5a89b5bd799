"""No logic is written twice: two functions that differ in nothing but names and texts are twins, and those of today are listed.

A function counts from NODES_MIN nodes of its syntax on. Names and texts are left out of the comparison, attributes and
keywords are not. Generated modules are not read, nor what travels to a job as a single file.
"""

import ast
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from tests.import_graph import modules

NODES_MIN = 30
#: Twins that are known: each a debt, or two things that are alike by chance.
KNOWN: frozenset[frozenset[str]] = frozenset(
    # Two questions: the SQL differs, which is text.
    {frozenset({"api.queries.jobs.summaries", "api.queries.tasks.summaries"})}
)
GENERATED = "python -m schemas generate"
TRAVELS_ALONE = "api.pilots.wrappers."


def test_no_two_functions_are_twins_but_the_known_ones() -> None:
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        if GENERATED not in path.read_text(encoding="utf-8")[:400] and not module.startswith(TRAVELS_ALONE):
            for name, shape in shapes(path):
                found.setdefault(shape, set()).add(f"{module}.{name}")

    twins = {frozenset(names) for names in found.values() if len(names) > 1}
    assert twins - KNOWN == set()
    assert KNOWN - twins == set()


def test_functions_that_differ_in_names_and_texts_are_twins(tmp_path: Path) -> None:
    path = tmp_path / "two.py"
    body = "    rest = {step}.rows('{text}', [1, 2])\n    return [one.value + 1 for one in rest if one.value]\n"
    path.write_text(
        "def first(a):\n" + body.format(step="a", text="x") + "def second(b):\n" + body.format(step="b", text="y")
        + "def third(b):\n" + body.format(step="b", text="y").replace(".value", ".other"), encoding="utf-8",
    )

    first, second, third = (shape for _, shape in shapes(path, nodes_min=1))

    assert first == second
    assert first != third


def shapes(path: Path, nodes_min: int = NODES_MIN) -> Iterator[tuple[str, str]]:
    """Name and shape of each function that is large enough."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = list(_words(node.body))
            if len(words) >= nodes_min:
                yield node.name, blake2b(" ".join(words).encode()).hexdigest()


def _words(body: list[ast.stmt]) -> Iterator[str]:
    """The syntax of a function, node by node, without its docstring, names, texts and annotations."""
    first = body[0]
    has_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    waiting: list[ast.AST] = list(reversed(body[1:] if has_docstring else body))
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Attribute(attr=word) | ast.keyword(arg=word):
                yield f"{type(node).__name__}:{word}"
            case ast.Constant(value=value):
                yield "text" if isinstance(value, str) else repr(value)
            case ast.expr_context():
                continue
            case _:
                yield type(node).__name__
        waiting += reversed(list(ast.iter_child_nodes(node)))


