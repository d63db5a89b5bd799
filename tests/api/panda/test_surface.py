"""All calls of API v1: each is served, belongs to a part that is to come and says so, or is refused with its reason."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from api import harvesters, panda
from api.panda.not_offered import CALLS as REFUSED_HERE
from api.panda.surface import SURFACE, OfferedAs
from identity.issuer import make_token
from tests.api.panda.builders import a_job_row, a_task_row
from tests.api.panda.reference_calls import CALLS, JOB, form_of
from tests.api.panda.test_forms import Front

KNOWN = {(call.verb, call.path): call for call in SURFACE}
#: What says that a form was not understood, or a call not known.
NOT_UNDERSTOOD = ("Argument error", "Type error", "is forbidden", "expecting ", "not offered", "received invalid JSON")


class Everyone:
    """The front, asked by a person with every role."""

    def __init__(self, home: Path) -> None:
        task = {**a_task_row(), "lists": ()}
        self._front = Front(home, {"from job_ranges": [], "from task where": [task], "job_id = any": [a_job_row(job_id=JOB)]})
        groups = ["wlcg", "wlcg/pilot", "wlcg/operator", "wlcg/production"]
        token = make_token(home, user="all", name="All Roles", groups=groups, audience_hours=1)
        self._headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg:production"}

    def ask(self, verb: str, path: str) -> httpx.Response:
        """The answer to the call in the form of the reference."""
        form = form_of(verb, path)
        return self._front.ask(verb, f"/api/v1/{path}", {**self._headers, **form.pop("headers", {})}, **form)


@pytest.fixture(scope="module")
def everyone(api_home: Path) -> Everyone:
    return Everyone(api_home)


def test_the_table_has_the_109_calls_of_the_reference_and_no_others() -> None:
    assert len(CALLS) == 109
    assert Counter((call.verb, call.path) for call in SURFACE) == Counter(CALLS)


def test_what_has_a_function_is_not_said_to_be_refused_here() -> None:
    mounted = {endpoint.path for endpoint in (*panda.ENDPOINTS, *harvesters.ENDPOINTS)}

    assert mounted & {call.partition(" ")[2] for call in REFUSED_HERE} == set()


@pytest.mark.parametrize(("verb", "path"), [call for call in CALLS if KNOWN[call].standing is OfferedAs.SERVED])
def test_a_call_that_is_served_understands_its_form(everyone: Everyone, verb: str, path: str) -> None:
    answer = everyone.ask(verb, path)

    said: dict[str, Any] = answer.json()
    assert answer.status_code == 200, answer.text
    assert set(said) >= {"success", "message", "data"}
    assert isinstance(said["message"], str)
    assert [words for words in NOT_UNDERSTOOD if words in said["message"]] == []


@pytest.mark.parametrize(("verb", "path"), [call for call in CALLS if KNOWN[call].standing is not OfferedAs.SERVED])
def test_a_call_that_is_not_served_says_why_in_its_form(everyone: Everyone, verb: str, path: str) -> None:
    reason = KNOWN[verb, path].reason

    answer = everyone.ask(verb, path)

    assert answer.status_code == 200
    if path == "job/generate_offline_execution_script":
        assert answer.text == f"ERROR: {reason}"
        return
    assert reason in answer.json()["message"]


def test_a_stranger_is_refused_by_all_but_the_open_calls(everyone: Everyone, api_home: Path) -> None:
    front = Front(api_home)

    taken = {path for verb, path in CALLS if front.ask(verb, f"/api/v1/{path}", {}, **_bare(verb, path)).status_code == 200}

    assert taken == {"system/is_alive", "metaconfig/get_site_specs"}


def _bare(verb: str, path: str) -> dict[str, Any]:
    return {name: value for name, value in form_of(verb, path).items() if name != "headers"}
