"""The pages in a real browser: live without reload, the slider, acting, by keyboard alone; pictures under out/pages/."""

import hashlib
import io
import os
import re
import signal
import tarfile
from dataclasses import replace
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from deploy.stack import Stack
from tests.monitor.conftest import SHOTS, Pages
from tests.monitor.manual_actors import HOSTILE, QUEUE, ManualActors, client_of, token_of, until

pytestmark = pytest.mark.stack
WORKER = "browser-worker"
#: What a person waits for; the page itself is faster.
SECONDS = 20_000


def report_worker(actors: ManualActors) -> None:
    """A worker that was reported to wait and then to run, as its page shows it."""
    for state in ("pending", "running"):
        body = {"worker_id": WORKER, "harvester_id": "browser-harvester", "state": state, "node": "n1"}
        assert actors.pilot.post(f"/v1/queues/{QUEUE}/workers", json=body).json()["accepted"]
    until(lambda: actors.user.get(f"/worker/{QUEUE}/{WORKER}/?json").json().get("worker", {}).get("state") == "running")


def scripts_trouble(page: Page) -> list[str]:
    """What scripts of the page complain about from now on."""
    found: list[str] = []
    page.on("pageerror", lambda problem: found.append(str(problem)))
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    return found


def too_wide(page: Page) -> list[str]:
    """What stands beyond the right edge of a page that is wider than its window, the innermost first.

    What a region scrolls is none of it, but for what is placed by something around the region, which no region cuts off.
    """
    return list(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
                .filter(one => one.getBoundingClientRect().right > innerWidth
                    && !(getComputedStyle(one).position === "absolute" ? one.offsetParent : one).closest(".scroll"))
                .map(one => one.outerHTML.slice(0, 300)).concat("the document").reverse()"""
        )
    )


def test_every_page_opens_in_both_themes_and_on_a_phone(pages: Pages, actors: ManualActors) -> None:
    task = actors.submit()
    job = actors.lease(task)
    actors.finish(job)
    report_worker(actors)
    paths = {
        "my": "/", "home": "/now/", "tasks": "/tasks/", "task": f"/task/{task}/", "jobs": "/jobs/",
        "job": f"/job/{job['PandaID']}/",
        "queues": "/queues/", "queue": f"/queue/{QUEUE}/", "workers": "/workers/",
        "worker": f"/worker/{QUEUE}/{WORKER}/", "harvesters": "/harvesters/", "users": "/users/", "errors": "/errors/",
        "shares": "/shares/", "workflows": "/workflows/", "compare": f"/compare/?pandaid={job['PandaID']}",
        "search": "/search/?q=pages", "search-nothing": "/search/?q=zanzibar",
        "health": "/health/", "trace": f"/trace/{task}/",
        "task-then": f"/task/{task}/?asof=%233", "missing": "/task/1/",
    }  # fmt: skip
    SHOTS.mkdir(parents=True, exist_ok=True)
    for look in ("light", "dark", "phone"):
        window = pages.window(dark=look == "dark", phone=look == "phone")
        trouble = scripts_trouble(window)
        for name, path in paths.items():
            answer = window.goto(path)
            assert answer is not None
            assert answer.status == (404 if name == "missing" else 200), path
            if name not in ("missing", "task-then"):
                expect(window.locator("#badge")).to_contain_text("live", timeout=SECONDS)
            assert too_wide(window) == [], f"{name} is too wide on {look}"
            window.screenshot(path=SHOTS / f"{name}-{look}.png", full_page=True)
        assert [line for line in trouble if "404" not in line] == []


def test_a_task_is_followed_to_its_end_without_reload(pages: Pages, actors: ManualActors) -> None:
    task = actors.submit()
    window = pages.window()
    window.goto(f"/task/{task}/")
    expect(window.locator("h1")).to_contain_text("running", timeout=SECONDS)
    window.evaluate("window.sameDocument = true")

    actors.finish(actors.lease(task))

    expect(window.locator("h1")).to_contain_text("done", timeout=SECONDS)
    expect(window.locator("[data-region=progress]")).to_contain_text("1 of 1 input units", timeout=SECONDS)
    expect(window.locator("[data-region=events]")).to_contain_text("Ended done.", timeout=SECONDS)
    assert window.evaluate("window.sameDocument") is True


def test_a_page_goes_on_after_the_api_was_killed(pages: Pages, actors: ManualActors, stack: Stack) -> None:
    task = actors.submit()
    window = pages.window()
    window.goto(f"/task/{task}/")
    expect(window.locator("#badge")).to_contain_text("live", timeout=SECONDS)

    os.kill(stack.process_pid("api"), signal.SIGKILL)
    until(lambda: _alive(actors))
    actors.finish(actors.lease(task))

    expect(window.locator("h1")).to_contain_text("done", timeout=SECONDS)
    expect(window.locator("#badge")).to_contain_text("live", timeout=SECONDS)


def test_the_slider_shows_every_moment_of_the_past(pages: Pages, actors: ManualActors) -> None:
    task = actors.submit()
    actors.finish(actors.lease(task))
    until(lambda: actors.user.get(f"/v1/tasks/{task}").json()["status"] == "done")
    window = pages.window()
    window.goto(f"/task/{task}/")
    slider = window.locator("#asof-range")
    slider.focus()

    slider.press("Home")
    slider.press("ArrowRight")

    expect(window.locator("#then h2")).to_contain_text("As of event 1", timeout=SECONDS)
    expect(window.locator("#then")).to_contain_text("registered")
    expect(window.locator("#badge")).to_have_text("history, not live")
    slider.press("End")
    expect(window.locator("#then h2")).not_to_contain_text("As of event 1,", timeout=SECONDS)
    expect(window.locator("#then")).to_contain_text("done", timeout=SECONDS)
    assert re.search(r"asof=%23\d+", window.url)


def test_a_task_is_killed_from_its_page_with_the_keyboard_alone(pages: Pages, actors: ManualActors) -> None:
    task = actors.submit()
    window = pages.window()
    window.goto(f"/task/{task}/")
    expect(window.locator("h1")).to_contain_text("running", timeout=SECONDS)

    press_until_focused(window, "Kill…")
    window.keyboard.press("Enter")
    expect(window.locator("#hit")).to_have_text("1", timeout=SECONDS)
    window.keyboard.type("wrong input")
    window.keyboard.press("Enter")

    expect(window.get_by_role("status").first).to_contain_text("1 done", timeout=SECONDS)
    window.goto(f"/task/{task}/")
    expect(window.locator("h1")).to_contain_text("aborted", timeout=SECONDS)
    expect(window.locator("[data-region=events]")).to_contain_text("Ordered killed: wrong input.")


def test_many_are_previewed_first_and_those_of_others_are_left_alone(pages: Pages, actors: ManualActors) -> None:
    tasks = [actors.submit(), actors.submit()]
    stranger = pages.window("stranger")
    stranger.goto(f"/tasks/?jeditaskid={tasks[0]}|{tasks[1]}")
    for task in tasks:
        stranger.get_by_label(f"task {task}").check()
    stranger.get_by_role("button", name="Preview…").first.click()
    expect(stranger.locator("#hit")).to_have_text("0", timeout=SECONDS)
    expect(stranger.locator("main")).to_contain_text("left alone: it belongs to Pages Person")

    owner = pages.window()
    owner.goto(f"/tasks/?jeditaskid={tasks[0]}|{tasks[1]}")
    owner.get_by_role("button", name="Preview…").last.click()
    expect(owner.locator("#hit")).to_have_text("2", timeout=SECONDS)
    owner.get_by_label("Reason").fill("no longer wanted")
    owner.get_by_role("button", name="Kill 2 tasks").click()

    expect(owner.get_by_role("status").first).to_contain_text("2 done", timeout=SECONDS)


@pytest.mark.parametrize("dark", [False, True])
def test_no_page_breaks_a_rule_of_accessibility(pages: Pages, actors: ManualActors, dark: bool) -> None:
    task = actors.submit()
    job = actors.lease(task)
    report_worker(actors)
    window = pages.window("pagesop", "wlcg/operator", dark=dark, bypass_csp=True)
    broken: dict[str, list[str]] = {}

    for path in ("/", "/now/", "/tasks/", f"/task/{task}/", f"/task/{task}/?asof=%233", "/jobs/", f"/job/{job['PandaID']}/",
                 "/queues/", f"/queue/{QUEUE}/", "/workers/", f"/worker/{QUEUE}/{WORKER}/", "/harvesters/", "/users/", "/errors/",
                 "/shares/", "/health/", "/search/?q=pages", "/search/?q=zanzibar", "/workflows/",
                 f"/compare/?pandaid={job['PandaID']}", f"/trace/{task}/"):  # fmt: skip
        window.goto(path)
        found = Axe().run(window, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}).response
        assert len(found["passes"]) > 20, "the rules were not applied"
        for violation in found["violations"]:
            broken.setdefault(path, []).append(f"{violation['id']}: {violation['nodes'][0]['html'][:200]}")

    actors.finish(job)
    assert broken == {}


def test_text_of_users_never_becomes_markup(pages: Pages, actors: ManualActors, stack: Stack) -> None:
    with client_of(stack, "pages", name=HOSTILE) as malicious:
        task = replace(actors, user=malicious).submit()
    job = actors.lease(task)
    actors.report(job, "failed", pilotErrorCode=1305, pilotErrorDiag=HOSTILE, transExitCode=1, pilotLog=HOSTILE)
    window = pages.window()
    trouble = scripts_trouble(window)

    for path in (f"/task/{task}/", "/tasks/", f"/job/{job['PandaID']}/", "/jobs/", "/errors/", "/now/",
                 "/search/?q=user:script", f"/task/{task}/?asof=%232"):  # fmt: skip
        window.goto(path)
        expect(window.locator("main")).to_contain_text("<script>", timeout=SECONDS)
        assert "taken" not in window.title()
        assert window.locator("main script").count() == 0
    assert trouble == []


def test_the_log_of_a_job_is_read_on_its_page_as_text(pages: Pages, actors: ManualActors, stack: Stack) -> None:
    job = actors.lease(actors.submit())
    store_log(stack, job, HOSTILE)
    actors.finish(job)
    window = pages.window()
    trouble = scripts_trouble(window)
    window.goto(f"/job/{job['PandaID']}/")

    window.get_by_text("payload.stdout").click(timeout=SECONDS)

    expect(window.locator("[data-region=log] pre").first).to_have_text(HOSTILE, timeout=SECONDS)
    assert window.locator("main script").count() == 0
    assert "taken" not in window.title()
    assert trouble == []


def test_a_file_of_a_job_is_fetched_as_it_lies_in_storage(actors: ManualActors, stack: Stack) -> None:
    job = actors.lease(actors.submit())
    content = store_log(stack, job, "out")
    actors.finish(job)
    path = f"/v1/jobs/{job['PandaID']}/files/{job['logFile']}"

    with client_of(stack, "stranger") as stranger:
        answer = until(lambda: (found := stranger.get(path)).status_code == 200 and found)
        listed = stranger.get(f"/v1/jobs/{job['PandaID']}/files").json()["files"]
        climbing = stranger.get(f"/v1/jobs/{job['PandaID']}/files/..%2F..%2Fidentity%2Fkey.pem")
        elsewhere = stranger.get(path, headers={"Origin": "dune"})

    assert answer.content == content
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert [(one["lfn"], one["role"], one["state"]) for one in listed] == [(job["logFile"], "log", "altered")]
    assert climbing.status_code == 404
    assert elsewhere.status_code == 403


def test_a_page_of_another_vo_is_not_there(stack: Stack, actors: ManualActors) -> None:
    task = actors.submit()
    answer = actors.user.get(f"/task/{task}/?json", headers={"Origin": "dune"})
    stranger = actors.user.get(f"/task/{task}/", headers={"Authorization": "", "Accept": "text/html"}, follow_redirects=False)

    assert answer.status_code == 403
    assert stranger.status_code == 303
    assert stranger.headers["location"] == f"/login?next=%2Ftask%2F{task}%2F"


def store_log(stack: Stack, job: dict[str, Any], text: str) -> bytes:
    """Put a log archive where the job's pilot would; its bytes."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        member = tarfile.TarInfo("tarball/payload.stdout")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    digest = hashlib.md5(f"{job['scopeLog']}:{job['logFile']}".encode(), usedforsecurity=False).hexdigest()
    folder = stack.config.home.joinpath("storage", *job["scopeLog"].split("."), digest[:2], digest[2:4])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / job["logFile"]).write_bytes(raw.getvalue())
    return raw.getvalue()


def press_until_focused(window: Page, text: str) -> None:
    """Go on with the tabulator until the button with `text` has the focus."""
    for _ in range(60):
        window.keyboard.press("Tab")
        if window.evaluate("document.activeElement.textContent.trim()") == text:
            return
    raise AssertionError(f"no button {text!r} was reached with the tabulator")


def _alive(actors: ManualActors) -> bool:
    try:
        return actors.user.get("/v1/health").status_code == 200
    except httpx.TransportError:
        return False


def test_an_address_with_a_token_logs_no_one_in_who_does_not_agree(pages: Pages, stack: Stack) -> None:
    page = pages.window()
    page.context.clear_cookies()

    page.goto(f"/login#token={token_of(stack, 'mallory', name='Mallory <b>Person</b>')}")

    shown = page.locator("#by-address")
    shown.wait_for(state="visible")
    assert "logs you in as Mallory <b>Person</b>." in shown.inner_text()
    assert page.url == f"{stack.config.api}/login"
    assert [cookie["name"] for cookie in page.context.cookies()] == []


def test_a_link_of_another_site_offers_no_login(pages: Pages, stack: Stack) -> None:
    page = pages.window(bypass_csp=True)
    page.context.clear_cookies()
    address = f"{stack.config.api}/login#token={token_of(stack, 'mallory')}"
    there = f'<a href="{address}">cats</a>'
    page.route("http://elsewhere.example/", lambda route: route.fulfill(body=there, content_type="text/html"))

    page.goto("http://elsewhere.example/")
    page.get_by_text("cats").click()
    page.wait_for_url(f"{stack.config.api}/login")

    assert page.locator("#by-address").is_hidden()
    assert page.locator("textarea").input_value() == ""
