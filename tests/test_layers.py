"""Pure parts import the standard library, `schemas` and each other; nothing that has a clock, chance, or the world in it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PURE = (
    "audit/differences.py",
    "audit/subject.py",
    "audit/trace.py",
    "audit/why.py",
    "audit/notary/chain.py",
    "api/monitor/pages/charts.py",
    "api/monitor/pages/words.py",
    "check/laws.py",
    "check/jobs.py",
    "check/leases.py",
    "check/rows.py",
    "check/tasks.py",
    "commands/decision.py",
    "commands/limits.py",
    "commands/sizes.py",
    "commands/undo.py",
    "commands/*/*.py",
    "schemas/reading.py",
    "schemas/ids.py",
    "schemas/patterns.py",
    "projections/*/apply.py",
    "projections/tasks/status.py",
    "projections/tasks/units.py",
    "projections/timeline/body.py",
    "projections/timeline/sentences.py",
    "projections/engine/changes.py",
    "streams/jedi/*.py",
    "streams/provisioning/demand.py",
    "streams/engine/messages.py",
    "streams/engine/offset_ledger.py",
    "streams/engine/letters.py",
    "streams/engine/record_size.py",
    "streams/leases/renewal.py",
    "streams/timers/due.py",
    "streams/timers/watch.py",
    "streams/facts/snapshot.py",
    "streams/facts/extract.py",
)
#: A library that a pure file may import, with the reason. RE2 matches people's patterns: a function of pattern and text, without
#: clock or world in it; the standard library has none that ends in linear time.
LIBRARIES = {"schemas/patterns.py": {"re2"}}
FORBIDDEN = {"time", "random", "secrets", "logging", "os", "socket", "subprocess", "threading", "asyncio", "datetime"}


def pure_files() -> list[Path]:
    """Every file that must be pure."""
    return sorted({path for pattern in PURE for path in ROOT.glob(pattern)} - set(ROOT.glob("commands/engine/*.py")))


def imports_of(path: Path) -> Iterator[str]:
    """Names of the modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            if node.module == "uuid":
                yield from (f"uuid.{alias.name}" for alias in node.names)


def test_there_are_pure_files_to_check() -> None:
    assert len(pure_files()) > 30


def test_pure_files_import_nothing_that_acts_on_the_world() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in pure_files()
        for name in imports_of(path)
        if name.split(".")[0] in FORBIDDEN or name in ("uuid.uuid4", "uuid.uuid1")
    }

    assert found == set()


def test_pure_files_import_only_the_standard_library_schemas_and_pure_neighbours() -> None:
    pure_modules = {str(path.relative_to(ROOT).with_suffix("")).replace("/", ".") for path in pure_files()}
    found = set()
    for path in pure_files():
        for name in imports_of(path):
            top = name.split(".")[0]
            if top in sys.stdlib_module_names or top == "schemas":
                continue
            if top in LIBRARIES.get(str(path.relative_to(ROOT)), ()):
                continue
            if name in pure_modules or f"{name}.__init__" in pure_modules:
                continue
            found.add(f"{path.relative_to(ROOT)}: {name}")

    assert found == set()


def test_schemas_import_no_other_folder_of_culm() -> None:
    ours = {"eventlog", "process", "commands", "streams", "projections", "api", "agents", "deploy", "cli", "demo"}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(ROOT.glob("schemas/**/*.py"))
        for name in imports_of(path)
        if name.split(".")[0] in ours
    }

    assert found == set()


def test_foundations_know_no_pillar() -> None:
    pillars = {"commands", "streams", "projections", "api", "audit", "check", "agents", "deploy", "cli", "demo"}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("eventlog", "process")
        for path in sorted((ROOT / folder).glob("**/*.py"))
        for name in imports_of(path)
        if name.split(".")[0] in pillars
    }

    assert found == set()


def test_no_pillar_takes_its_foundations_from_the_deciders() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("streams", "projections", "audit", "api", "check", "agents", "cli", "deploy", "demo")
        for path in sorted((ROOT / folder).glob("**/*.py"))
        for name in imports_of(path)
        if name.split(".")[0] == "commands"
    }

    assert found == set()


def test_agents_know_only_http() -> None:
    ours = {"schemas", "eventlog", "commands", "streams", "projections", "api", "deploy"}
    others = ours | {"confluent_kafka", "sqlalchemy", "psycopg2"}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(ROOT.glob("agents/**/*.py"))
        for name in imports_of(path)
        if name.split(".")[0] in others
    }

    assert found == set()


def test_the_checker_shares_only_schemas_with_the_rest() -> None:
    ours = {"eventlog", "process", "commands", "streams", "projections", "api", "agents", "deploy", "cli", "demo"}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "check").glob("*.py")
        for name in imports_of(path)
        if name.split(".")[0] in ours
    }

    assert found == set()
