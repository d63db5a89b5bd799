"""A workflow as rows."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from commands.snapshot import MAIN, Row, SnapshotForm, changes_main, has_main
from commands.workflow.model import Workflow
from schemas.workflow import WorkflowSnapshot


def rows(workflow: Workflow, names: Collection[str]) -> Iterator[Row]:
    """The rows that are asked for."""
    yield MAIN, WorkflowSnapshot(owner=workflow.owner, vo=workflow.vo)


def restored(found: Mapping[str, Any]) -> Workflow:
    """The workflow of its rows."""
    main: WorkflowSnapshot = found[MAIN]
    return Workflow(owner=main.owner, vo=main.vo)


SNAPSHOT = SnapshotForm(rows, restored, changes_main, has_main)
