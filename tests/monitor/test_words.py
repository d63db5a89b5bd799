"""States as pages show them, and where the pages of actions lead."""

from api.monitor.actions import ActionOutcome, ActionRequest
from api.monitor.links import link
from api.monitor.offers import ACTIONS
from api.monitor.pages.words import MEANINGS, group_of
from api.monitor.rendering import Renderer, state
from tests.api.builders import an_identity


def test_a_task_that_finished_in_part_does_not_look_done() -> None:
    assert (group_of("done", "task"), group_of("finished", "job")) == ("success", "success")
    assert group_of("finished", "task") == "partial"
    assert 'class="state partial"' in state("finished", "task")
    assert MEANINGS["task.finished"] in state("finished", "task")


def test_the_trace_of_a_bulk_action_leads_to_its_page() -> None:
    confirmation = "7b0c5ac4-8f4e-4f2c-9df6-9d8f5e0d1a11"
    asked = ActionRequest(ACTIONS["kill_task"], "kill_task", (1,), {}, "because", None, confirmation)

    text = Renderer().other(
        "act.html",
        title="Kill",
        asked=asked,
        back="/tasks/",
        about={"identity": an_identity()},
        outcomes=[ActionOutcome(1, accepted=True, message="done")],
    )

    assert f'href="/trace/{confirmation}/"' in text
    assert "/v1/trace" not in text


def test_names_of_a_query_are_no_names_of_ours() -> None:
    given = {"path": "x", "self": "y", "_block_vars": "z", "parameters": "w"}

    assert link("/tasks/", given, json="") == "/tasks/?path=x&self=y&_block_vars=z&parameters=w&json="
