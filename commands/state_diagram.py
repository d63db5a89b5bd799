"""`python -m commands.state_diagram`: the states of jobs, tasks, workers and workflows as a page."""

import sys
from collections.abc import Iterable
from pathlib import Path

from commands.job.model import TRANSITIONS as JOB
from commands.task.transitions import KEEP
from commands.task.transitions import TRANSITIONS as TASK
from commands.worker.transitions import TRANSITIONS as WORKER
from commands.workflow.transitions import TRANSITIONS as WORKFLOW

PAGE = Path(__file__).parent.parent / "docs" / "states.md"
Transitions = Iterable[tuple[str, type, str]]


def page() -> str:
    """The whole page; made from the tables alone, so it cannot say anything else than they do."""
    parts = ["# States\n\nMade by `python -m commands.state_diagram` from the tables of transitions; change those, not this.\n"]
    for title, table in (("Job", JOB), ("Task", TASK), ("Worker", WORKER), ("Workflow", WORKFLOW)):
        parts.append(f"## {title}\n\n```mermaid\nstateDiagram-v2\n{diagram(table)}```\n")
    return "\n".join(parts)


def diagram(table: Transitions) -> str:
    """One arrow a pair of states, with the events that lead from one to the other; events that change nothing are left out."""
    arrows: dict[tuple[str, str], set[str]] = {}
    for found, event, reached in table:
        if reached not in (found, KEEP):
            arrows.setdefault((str(found).lower(), str(reached).lower()), set()).add(event.__name__)
    lines = [f"    {found} --> {reached}: {', '.join(sorted(names))}\n" for (found, reached), names in sorted(arrows.items())]
    return "".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
