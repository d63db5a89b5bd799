"""Own work and the search in a real browser, with the keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.monitor.conftest import Pages
from tests.monitor.manual_actors import ManualActors

pytestmark = pytest.mark.stack
SECONDS = 20_000


def test_own_tasks_move_from_waiting_to_done_on_the_first_page_of_their_owner_alone(
    pages: Pages, actors: ManualActors
) -> None:
    task = actors.submit(name="user.pages.own.work")
    owner, stranger = pages.window(), pages.window("stranger")
    link = owner.get_by_role("link", name="user.pages.own.work")
    waiting = owner.locator("section", has=owner.get_by_role("heading", name="Waiting"))
    running = owner.locator("section", has=owner.get_by_role("heading", name="Running"))
    done = owner.locator("section", has=owner.get_by_role("heading", name="Done"))

    expect(waiting.get_by_role("link", name="user.pages.own.work")).to_be_visible(timeout=SECONDS)
    job = actors.lease(task)
    expect(running.get_by_role("link", name="user.pages.own.work")).to_be_visible(timeout=SECONDS)
    actors.finish(job)
    expect(done.get_by_role("link", name="user.pages.own.work")).to_be_visible(timeout=SECONDS)

    assert link.get_attribute("href") == f"/task/{task}/"
    stranger.goto("/")
    expect(stranger.locator("h1")).to_have_text("My work")
    expect(stranger.locator("main")).not_to_contain_text("own.work")


def test_a_task_is_found_with_the_keyboard_alone(pages: Pages, actors: ManualActors) -> None:
    task = actors.submit(name="user.pages.to.be.found")
    window = pages.window()
    window.goto("/queues/")

    window.keyboard.press("/")
    window.keyboard.type("be.found")
    window.keyboard.press("Enter")
    expect(window.get_by_role("link", name="user.pages.to.be.found")).to_be_visible(timeout=SECONDS)
    window.keyboard.press("Control+k")
    window.keyboard.type(f"{task}")
    window.keyboard.press("Enter")

    window.wait_for_url(f"**/task/{task}/", timeout=SECONDS)
    expect(window.locator("h1")).to_contain_text(f"Task {task}")
    window.keyboard.press("Control+k")
    window.keyboard.type("zanzibar")
    window.keyboard.press("Enter")
    expect(window.locator("main")).to_contain_text("Nothing in wlcg has zanzibar in its name.", timeout=SECONDS)
    expect(window.locator("main")).to_contain_text("that changed last")
