"""What is made or defined in one place, and nowhere else: clients of Kafka, the set-up of logs, lengths of time."""

import ast
from collections.abc import Collection, Iterator
from pathlib import Path

from tests import import_graph
from tests.import_graph import ROOT

#: Who may make a client of Kafka. The checker stays independent of what it checks; the running table is the example for
#: outsiders, who have stock classes and nothing of ours. Faust makes its own (streams/engine/committed_reading.py).
MAKERS_OF_CLIENTS = {
    "eventlog/connection.py": {"AdminClient"},
    "eventlog/consumers.py": {"Consumer"},
    "eventlog/producers.py": {"Producer"},
    "check/reading.py": {"Consumer", "AdminClient"},
    "deploy/dashboards/running_table.py": {"Consumer"},
}
CLIENTS = ("Consumer", "Producer", "AdminClient")
LENGTHS_OF_TIME = ("MICROSECONDS", "MINUTE", "HOUR", "DAY")


def production_files() -> list[Path]:
    """Every Python file that ships."""
    return sorted(import_graph.modules().values())


def nodes_of(path: Path, names: Collection[str]) -> Iterator[ast.AST]:
    """The syntax of a file, which is not looked at where none of `names` stands in its text."""
    text = path.read_text(encoding="utf-8")
    if any(name in text for name in names):
        yield from ast.walk(ast.parse(text))


def test_clients_of_kafka_are_made_in_one_place() -> None:
    found: dict[str, set[str]] = {}
    for path in production_files():
        for node in nodes_of(path, CLIENTS):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLIENTS:
                found.setdefault(str(path.relative_to(ROOT)), set()).add(node.func.id)

    assert found == MAKERS_OF_CLIENTS


def test_clients_of_kafka_take_their_settings_from_their_caller() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "eventlog").glob("*.py"))
        if "environ" in path.read_text(encoding="utf-8").replace("environment", "") and path.name != "__main__.py"
    ]

    assert found == []


def test_structlog_is_configured_in_one_place() -> None:
    found = {path for path in production_files() if "structlog.configure(" in path.read_text(encoding="utf-8")}

    assert found == {ROOT / "process" / "logs.py"}


def test_lengths_of_time_are_defined_in_one_place() -> None:
    """A second in microseconds, and what is made of it."""
    found = {
        str(path.relative_to(ROOT))
        for path in production_files()
        for node in nodes_of(path, LENGTHS_OF_TIME)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and target.id in LENGTHS_OF_TIME
    }

    assert found == {"schemas/instants.py"}
