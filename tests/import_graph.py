"""The import graph of the production code: `python -m tests.import_graph` draws it to docs/rooms.md.

In: the source text. Out: modules with what they import, rooms (folders that have a purpose of their own) with the arrows
between them, circles. `tests/test_layers.py` holds the rules and that the drawing is current.
"""

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
DRAWING = ROOT / "docs" / "rooms.md"
#: The folders at the top, in the order of the flow.
FOLDERS: Mapping[str, str] = {
    "schemas": "what may be said",
    "process": "what every process has",
    "eventlog": "the log for all",
    "identity": "callers and their rights",
    "commands": "who decides",
    "streams": "who reacts",
    "projections": "who remembers for readers",
    "api": "who talks",
    "agents": "what runs at the sites",
    "audit": "who tells the past",
    "check": "who judges",
    "deploy": "how it runs",
    "cli": "the culm command",
    "demo": "the sky survey",
}
#: Every room: the folder, and its purpose in at most five words. A module belongs to the longest name that fits.
ROOMS: Mapping[str, str] = {
    "schemas": "what may be said",
    "process": "what every process has",
    "eventlog": "the log for all",
    "eventlog.mirror": "copies events of one organisation",
    "identity": "callers and their rights",
    "commands": "decisions, one folder an aggregate",
    "commands.__main__": "starts a decider",
    "commands.engine": "one transactional loop of decisions",
    "streams": "which reaction follows which event",
    "streams.__main__": "starts the processors",
    "streams.bridges": "documents of sources outside, read",
    "streams.config": "settings of processors and timers",
    "streams.engine": "reads events, sends what follows",
    "streams.engine.messages": "what a reaction may send",
    "streams.engine.record_size": "how large a record gets",
    "streams.facts": "loads, policies and parked tasks",
    "streams.facts.groups": "jobs by share and user",
    "streams.facts.outside": "what sources outside say",
    "streams.facts.snapshot": "what a choice rests on",
    "streams.idds": "requests of iDDS, compiled",
    "streams.jedi": "refine, broker, split, account, retry",
    "streams.leases": "heartbeats that keep leases alive",
    "streams.provisioning": "pilots wanted, shares in order",
    "streams.timers": "deadlines that have come due",
    "projections": "rows, one folder a question",
    "projections.__main__": "starts projector or rebuild",
    "projections.engine": "fold into Postgres, and rebuild",
    "projections.engine.changes": "what an event changes",
    "projections.engine.lengths": "what a column holds",
    "api": "what every route is given",
    "api.__main__": "starts an API",
    "api.app": "all routes, one application",
    "api.config": "settings of an API",
    "api.http": "what any HTTP server needs",
    "api.log": "send commands, await their answers",
    "api.queries": "all SQL, by question",
    "api.native": "REST and its OpenAPI description",
    "api.idds": "speaks as the iDDS server",
    "api.panda": "speaks as the PanDA server",
    "api.pilots": "gives jobs, takes reports",
    "api.harvesters": "answers Harvesters of PanDA",
    "api.monitor": "pages for people",
    "api.edge": "client certificates become tokens",
    "api.login": "sessions of browsers and devices",
    "api.secrets": "encrypted secrets of users",
    "api.services": "what an application holds",
    "api.state_of_work": "counts of work for Prometheus",
    "api.shared": "files that APIs share",
    "api.pilots.wrappers": "runs a payload, travels alone",
    "agents": "what agents have in common",
    "agents.harvester": "keeps pilots at a site",
    "agents.pilot": "runs jobs at a site",
    "audit": "tells the past",
    "audit.notary": "keeps evidence outside the log",
    "check": "judges log and rows",
    "deploy": "runs a stack",
    "cli": "the culm command",
    "demo": "the sky survey",
}
TOPS = tuple(FOLDERS)
Graph = Mapping[str, frozenset[str]]


@cache
def modules() -> Mapping[str, Path]:
    """Every production module by its name; a package by the name of its folder."""
    found = {}
    for top in TOPS:
        for path in sorted((ROOT / top).glob("**/*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def imports() -> Graph:
    """What each module imports of Culm's own, wherever in the module it does so."""
    return {name: frozenset(_imported(name, path)) for name, path in modules().items()}


def _imported(name: str, path: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            wanted = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # A module of the demo's sandbox imports its neighbours relatively: it travels to the jobs without its folder.
            origin = name.split(".")[: -node.level] if node.level else []
            wanted = [".".join(filter(None, [*origin, node.module, alias.name])) for alias in node.names]
        else:
            continue
        for one in wanted:
            while one and one not in modules():
                one = one.rpartition(".")[0]
            if one and one != name:
                yield one


def room_of(module: str) -> str:
    """The room that a module belongs to."""
    while module not in ROOMS:
        module = module.rpartition(".")[0]
    return module


@cache
def arrows() -> Graph:
    """Which rooms each room imports."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS if any(room_of(name) == room for name in modules())}
    for name, wanted in imports().items():
        found[room_of(name)] |= {room_of(one) for one in wanted} - {room_of(name)}
    return {room: frozenset(others) for room, others in found.items()}


def folders() -> Graph:
    """Which top-level folders each top-level folder imports."""
    found: dict[str, set[str]] = {}
    for room, others in arrows().items():
        top = room.partition(".")[0]
        found.setdefault(top, set()).update(other.partition(".")[0] for other in others)
        found[top].discard(top)
    return {top: frozenset(others) for top, others in found.items()}


def circle(graph: Graph) -> list[str]:
    """One circle of imports, first and last the same; empty when there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as problem:
        return list(problem.args[1])
    return []


def circles(graph: Graph) -> list[set[str]]:
    """Every largest set of nodes that reach each other."""
    found: list[set[str]] = []
    for node in graph:
        if not any(node in one for one in found):
            together = {other for other in _reached(graph, node) if node in _reached(graph, other)}
            found += [together] if together else []
    return found


def _reached(graph: Graph, node: str) -> set[str]:
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        new = graph.get(waiting.pop(), frozenset()) - seen
        seen |= new
        waiting += new
    return seen


def drawing() -> str:
    """docs/rooms.md."""
    lines = [
        "# Rooms",
        "",
        "Made by `python -m tests.import_graph` from the imports of the code; a test holds it current. An arrow says: imports.",
        "`schemas` and `process` are left out of the drawings: every room but `schemas` may import them.",
        "",
        "## Folders",
        "",
        *_mermaid(folders(), FOLDERS),
        "",
        "## Rooms",
        "",
        "| room | purpose | imports |",
        "|---|---|---|",
        *(f"| `{room}` | {ROOMS[room]} | {_listed(others)} |" for room, others in arrows().items()),
        "",
    ]
    for top in TOPS:
        inside = {room: others for room, others in arrows().items() if room.partition(".")[0] == top}
        if len(inside) > 2:
            lines += [f"### {top}", "", *_mermaid({room: others & inside.keys() for room, others in inside.items()}, ROOMS), ""]
    return "\n".join(lines)


def _listed(others: Iterable[str]) -> str:
    return ", ".join(f"`{other}`" for other in sorted(others)) or "nothing of Culm"


def _mermaid(graph: Graph, names: Mapping[str, str]) -> list[str]:
    hidden = {"schemas", "process"}
    shown = {room: others - hidden for room, others in graph.items() if room not in hidden}
    boxes = [f'    {_id(room)}["{room}<br/>{names[room]}"]' for room in shown]
    lines = [f"    {_id(room)} --> {_id(other)}" for room, others in shown.items() for other in sorted(others)]
    return ["```mermaid", "graph LR", *boxes, *lines, "```"]


def _id(room: str) -> str:
    return room.replace(".", "_")


if __name__ == "__main__":
    DRAWING.write_text(drawing(), encoding="utf-8")
    print(DRAWING)
