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
    expect(window.get_by_role("link", name="user.pages.to.be.found/", exact=True)).to_be_visible(timeout=SECONDS)
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


def test_the_whole_page_of_a_task_is_of_the_moment_that_the_slider_shows(pages: Pages, actors: ManualActors) -> None:
    task = actors.submit()
    actors.finish(actors.lease(task))
    window = pages.window()
    window.goto(f"/task/{task}/")
    expect(window.locator("h1")).to_contain_text("done", timeout=SECONDS)
    slider = window.locator("#asof-range")
    slider.focus()

    slider.press("Home")
    slider.press("ArrowRight")

    expect(window.locator("h1")).to_contain_text("registered", timeout=SECONDS)
    expect(window.locator("[data-region=head]")).to_contain_text("As it was at event 1")
    expect(window.locator("[data-region=progress]")).to_contain_text("0 of 0 input units done")
    expect(window.locator("[data-region=events] tbody tr")).to_have_count(1)
    expect(window.locator("main > .acts")).to_have_count(0)
    assert window.evaluate("document.activeElement.id") == "asof-range"
    window.get_by_role("button", name="Play").click()
    expect(window.locator("h1")).to_contain_text("done", timeout=3 * SECONDS)
