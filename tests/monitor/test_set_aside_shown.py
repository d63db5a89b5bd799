"""What stands still is named where it is read: a note on its page, a row on the health page, a field in its JSON."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from api.app import create_app
from api.monitor.rendering import environment
from api.native import datasets, jobs, tasks
from tests.api.builders import ReadModelsStandIn
from tests.api.test_routes import Client, headers, services_at

ROUTES = (jobs.build_router, tasks.build_router, datasets.build_router)
NOTE = {"sequence": 4, "since": 1_800_000_000_000_000, "message": "tasks fails on TaskPaused: <b>"}
SHOWN = {"sequence": 4, "since": "2027-01-15T08:00:00.000Z", "message": "tasks fails on TaskPaused: <b>"}


@pytest.mark.parametrize("template", ["job.html", "task.html", "queue.html"])
def test_the_page_of_what_stands_still_has_the_note(template: str) -> None:
    source, _, _ = environment().loader.get_source(environment(), template)  # type: ignore[union-attr]  # it has one

    assert "{{ aside_note(set_aside) }}" in source


def test_the_note_says_as_of_which_event_since_when_and_why() -> None:
    imported = "{% from 'parts.html' import aside_note %}{{ aside_note(found) }}"

    note = environment().from_string(imported).render(found=SHOWN)

    assert "as of event 4</span> What is shown here stands still since" in note
    assert "2027-01-15" in note
    assert "(tasks fails on TaskPaused: &lt;b&gt;)" in note
    assert environment().from_string(imported).render(found=None).strip() == ""


def test_the_health_page_lists_what_is_set_aside() -> None:
    mark = NOTE | {"aggregate": "task", "aggregate_id": "10000001", "kind": "bug"}
    template = environment().get_template("health.html")
    context = template.new_context(
        {
            "projections": [], "problems": [], "skipped": [], "aside_total": 1_234, "aside": [mark],
            "view": SimpleNamespace(vo="wlcg", now=NOTE["since"]),
        }
    )  # fmt: skip

    found = "".join(template.blocks["projections"](context))

    assert "<strong>1 234</strong> in all" in found.replace("\u202f", " ").replace("\u00a0", " ").replace(",", " ")
    assert '<td class="text">task 10000001</td><td class="figure">4</td>' in found
    assert '<td>bug</td><td class="text">tasks fails on TaskPaused: &lt;b&gt;</td>' in found


@pytest.mark.parametrize(
    ("path", "table"),
    [
        ("/v1/jobs/100000010000001", "from job"),
        ("/v1/tasks/10000001", "from task"),
        ("/v1/datasets/user.jdoe.in", "from dataset"),
    ],
)
def test_the_json_of_what_stands_still_says_so(tmp_path: Path, path: str, table: str) -> None:
    row = {"vo": "wlcg", "owner": "x", "parameters": "{}", "task_id": 10_000_001}
    read_models: Any = ReadModelsStandIn({"projection_set_aside": [NOTE], "from task_dataset": [], table: [row]})
    services = replace(services_at(tmp_path), read_models=read_models)

    answer = Client(create_app(services, only=ROUTES)).get(f"{path}?wait=0", headers=headers(tmp_path))

    assert (answer.status_code, answer.json().get("set_aside")) == (200, SHOWN), answer.text
