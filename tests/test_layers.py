"""Who may import whom. Pure parts import the standard library, `schemas` and each other; folders as a literal table says.

The graph is made by `tests/import_graph.py`, which also draws it (docs/rooms.md).
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import import_graph
from tests.import_graph import FOLDERS, ROOMS, ROOT

PURE = (
    "agents/harvester/fingerprints/match.py",
    "agents/harvester/systems/breaker.py",
    "agents/harvester/systems/contract.py",
    "agents/harvester/systems/htcondor_words.py",
    "agents/harvester/systems/slurm_words.py",
    "agents/harvester/systems/tags.py",
    "audit/differences.py",
    "audit/subject.py",
    "audit/trace.py",
    "audit/remedies.py",
    "audit/reason.py",
    "audit/why.py",
    "audit/why_nucleus.py",
    "audit/notary/chain.py",
    "api/monitor/pages/charts.py",
    "api/monitor/pages/words.py",
    "api/monitor/pages/worker_life.py",
    "check/clocks.py", "check/deadlines.py",
    "check/laws.py",
    "check/jobs.py",
    "check/leases.py",
    "check/rows.py",
    "check/shares.py",
    "check/tasks.py",
    "identity/agents.py",
    "identity/believed.py",
    "identity/claims.py",
    "identity/compact.py",
    "identity/digest.py",
    "identity/enrolments.py",
    "identity/errors.py",
    "identity/explained.py",
    "identity/identity.py",
    "identity/key_ring.py",
    "identity/linked.py",
    "identity/linked_memberships.py",
    "identity/logout_tokens.py",
    "identity/own_issuers.py",
    "identity/profiles.py",
    "identity/revoked.py",
    "identity/rights.py",
    "identity/x509/*.py",
    "identity/access_policy.py",
    "identity/ruling.py",
    "commands/decision.py",
    "commands/limits.py",
    "commands/sizes.py",
    "commands/snapshot.py",
    "commands/undo.py",
    "commands/*/*.py",
    "schemas/reading.py",
    "schemas/declarations.py",
    "schemas/ids.py",
    "schemas/keys.py",
    "schemas/sentences.py",
    "schemas/subjects.py",
    "schemas/patterns.py",
    "schemas/share_tree.py",
    "schemas/server_address.py",
    "projections/*/apply.py",
    "projections/tasks/brokerage.py",
    "projections/tasks/status.py",
    "projections/tasks/units.py",
    "projections/deadlines/workflows.py",
    "projections/workflows/nodes.py",
    "projections/timeline/body.py",
    "projections/engine/changes.py",
    "streams/idds/*.py",
    "streams/jedi/*.py",
    "streams/provisioning/demand.py",
    "streams/provisioning/elsewhere.py",
    "streams/provisioning/share_usage.py",
    "streams/engine/messages.py",
    "streams/engine/offset_ledger.py",
    "streams/engine/letters.py",
    "streams/engine/record_size.py",
    "streams/leases/renewal.py",
    "streams/timers/due.py",
    "streams/timers/watch.py",
    "streams/facts/snapshot.py",
    "streams/facts/extract.py",
    "streams/facts/groups.py",
    "streams/facts/outside.py",
    "streams/facts/windows.py",
    "streams/facts/counted.py",
    "streams/bridges/*.py",
    "schemas/outside.py",
    "schemas/clocks.py",
)
#: A library that a pure file may import, with the reason. RE2 matches people's patterns: a function of pattern and text, without
#: clock or world in it; the standard library has none that ends in linear time.
LIBRARIES = {"schemas/patterns.py": {"re2"}, "agents/harvester/fingerprints/match.py": {"re2"}}
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


FOUNDATIONS = {"schemas", "process", "eventlog", "identity"}
#: What a top-level folder may import, beside itself; an arrow that is not here is a fault, also inside a function.
MAY_IMPORT: dict[str, set[str]] = {
    # What may be said knows no one who says it.
    "schemas": set(),
    "process": set(),
    # Lag is counted for the kinds of processes that `process` lists.
    "eventlog": {"schemas", "process"},
    "identity": {"schemas", "process"},
    # The three pillars of the flow meet in the log alone.
    # Deciders ask the same rules as the door whether a command is for its sender.
    "commands": {"schemas", "process", "eventlog", "identity"},
    "streams": {"schemas", "process", "eventlog"},
    "projections": {"schemas", "process", "eventlog"},
    # The API shows the past (audit) and says events in the same sentences as the timeline (projections/timeline). Of `streams`:
    # how requests to iDDS are read, so that the door refuses what the compiler would.
    "api": FOUNDATIONS | {"audit", "projections", "streams"},
    # The past is shown by the folds that made the rows, so that both agree by construction; recorded choices are made again by
    # the functions that made them (streams/jedi), recorded rulings by those of identity.
    "audit": {"schemas", "identity", "process", "eventlog", "projections", "streams"},
    # The checker judges the others and shares only the vocabulary with them.
    "check": {"schemas"},
    # Agents run at sites: HTTP, settings and log lines, nothing of the servers behind the API.
    "agents": {"process"},
    # A stack is brought up from outside: it starts modules by name and imports none of them.
    "deploy": FOUNDATIONS,
    # Of `streams`: how the documents of sources outside are read, for `culm bridge`.
    "cli": FOUNDATIONS | {"audit", "check", "deploy", "projections", "streams"},
    # The demo is a user of Culm like any other: the culm command and HTTP.
    "demo": set(),
}
#: What the domain of a pillar may import of its engine: types of messages between the two, and pure measures.
OF_THE_ENGINE = {
    "projections": {"projections.engine.changes", "projections.engine.lengths"},
    "streams": {"streams.engine.messages", "streams.engine.record_size"},
    "commands": set(),
}
#: Shells that stand in a folder of the domain, beside what they shelter.
SHELLS_AMONG_THE_DOMAIN = {
    "streams.facts.keeper",
    "streams.facts.reader",
    "streams.provisioning.elsewhere_watch",
    "streams.provisioning.rank_watch",
    "streams.provisioning.threadsafe_event",
    "streams.provisioning.throttle_watch",
    "streams.provisioning.watch",
    "streams.timers.__main__",
    "streams.timers.clockwork",
    "streams.timers.deadlines",
    "streams.timers.heartbeats",
}


def test_folders_import_only_what_the_table_allows() -> None:
    found = {folder: others - MAY_IMPORT[folder] for folder, others in import_graph.folders().items()}

    assert {folder: others for folder, others in found.items() if others} == {}


def test_every_folder_that_ships_is_in_the_table() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert packages <= MAY_IMPORT.keys()
    assert set(import_graph.TOPS) == MAY_IMPORT.keys()


def test_the_table_has_no_circle() -> None:
    assert import_graph.circle({folder: frozenset(others) for folder, others in MAY_IMPORT.items()}) == []


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert import_graph.circle(import_graph.imports()) == []


def test_no_rooms_import_each_other_in_a_circle() -> None:
    assert import_graph.circles(import_graph.arrows()) == []


@pytest.mark.parametrize("top", ["agents", "api", "streams"])
def test_every_folder_of_a_shell_is_a_room(top: str) -> None:
    folders = {f"{top}.{path.parent.name}" for path in (ROOT / top).glob("*/*.py")}

    assert folders - import_graph.ROOMS.keys() == set()


def test_every_room_is_there() -> None:
    assert import_graph.ROOMS.keys() - import_graph.arrows().keys() == set()


@pytest.mark.parametrize("pillar", OF_THE_ENGINE)
def test_the_domain_of_a_pillar_knows_nothing_of_its_engine_but_message_types(pillar: str) -> None:
    found = {
        (module, other)
        for module, others in import_graph.imports().items()
        if module.startswith(f"{pillar}.") and module.count(".") > 1 and not module.startswith(f"{pillar}.engine")
        if module not in SHELLS_AMONG_THE_DOMAIN
        for other in others
        if other.startswith(f"{pillar}.engine") and other not in OF_THE_ENGINE[pillar]
    }

    assert found == set()


def test_identity_knows_no_http() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "identity").glob("**/*.py"))
        for name in imports_of(path)
        # Keys of issuers are fetched; that is no front.
        if name.split(".")[0] in {"starlette", "fastapi", "http", "eventlog"} or (name == "httpx" and path.stem != "key_fetching")
    }

    assert found == set()


def test_agents_speak_to_no_server_but_by_http() -> None:
    others = {"confluent_kafka", "sqlalchemy", "psycopg2", "fastavro", "prometheus_client"}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(ROOT.glob("agents/**/*.py"))
        for name in imports_of(path)
        if name.split(".")[0] in others
    }

    assert found == set()


def test_every_room_has_a_name_of_at_most_five_words() -> None:
    for names in (FOLDERS, ROOMS):
        assert {room: name for room, name in names.items() if not 1 <= len(name.split()) <= 5} == {}
        assert len(set(names.values())) == len(names)


def test_the_drawing_of_the_rooms_is_current() -> None:
    assert import_graph.DRAWING.read_text(encoding="utf-8") == import_graph.drawing(), "run `python -m tests.import_graph`"
