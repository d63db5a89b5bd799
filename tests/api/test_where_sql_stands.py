"""SQL stands in `api/queries/` alone, and the top of `api/` holds what starts it and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

API = Path(__file__).parent.parent.parent / "api"
FOLDERS = {
    "edge", "harvesters", "http", "idds", "log", "login", "queries", "secrets", "native", "panda", "pilots", "monitor", "shared",
}  # fmt: skip
FILES = {"__init__.py", "__main__.py", "app.py", "config.py", "services.py", "state_of_work.py"}
STATEMENT = r"select\s.*\bfrom|insert\s+into|delete\s+from|update\s+\w+\s+set|order\s+by|group\s+by|from\s+\w+\s+where"
PARAMETER = r"(?:=|>=|<=|<|>|~)\s*(?:any\()?%(?:s|\(\w+\)s)"
SQL = re.compile(rf"\b(?:{STATEMENT})\b|{PARAMETER}", re.IGNORECASE | re.DOTALL)


def texts_of(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is no docstring; parts of one f-string together."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield node.lineno, "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


def test_no_sql_stands_outside_the_queries() -> None:
    elsewhere = [path for path in sorted(API.glob("**/*.py")) if "queries" not in path.parts]

    found = [f"{path.relative_to(API)}:{line}" for path in elsewhere for line, text in texts_of(path) if SQL.search(text)]

    assert len(elsewhere) > 60
    assert found == []


def test_the_search_for_sql_finds_some_where_it_stands() -> None:
    found = {path.name for path in (API / "queries").glob("*.py") for _, text in texts_of(path) if SQL.search(text)}

    assert {"tasks.py", "jobs.py", "queues.py", "timeline.py"} <= found


def test_the_top_of_the_api_holds_what_starts_it_and_a_folder_a_front() -> None:
    found = {path.name for path in API.iterdir() if path.name != "__pycache__"}

    assert found == FOLDERS | FILES


def test_queries_know_no_front() -> None:
    fronts = ("api.native", "api.panda", "api.pilots", "api.monitor", "api.log")
    found = {
        f"{path.name}: {node.module}"
        for path in (API / "queries").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(fronts)
    }

    assert found == set()
