"""Whether one may, with the rule that decides; and what one may at all."""

from pathlib import Path

import pytest

from api.app import create_app
from api.native import access_policy, can_i, health
from tests.api.builders import ReadModelsStandIn
from tests.api.test_routes import Client, headers, services_at
from tests.identity.builders import a_token


@pytest.fixture
def client(api_home: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """A client of an API that knows one task, 10000007 of bob in wlcg."""
    services = services_at(api_home)
    models = services.read_models
    assert isinstance(models, ReadModelsStandIn)
    models.tables["from task where"] = [{"owner": "bob", "vo": "wlcg"}]
    models.tables["from job where"] = []
    return Client(create_app(services, only=[can_i.build_router, access_policy.build_router, health.build_router]))


KILL = "/v1/can-i?verb=kill&kind=task&id=10000007"


def test_a_task_of_someone_else_is_refused_by_the_rule_of_owners(client: Client, api_home: Path) -> None:
    answer = client.get(KILL, headers=headers(api_home)).json()

    assert (answer["allowed"], answer["rule"], answer["command"]) == (False, "owner", "KillTask")
    assert answer["because"] == "not the task owner or no production role"


def test_production_may_and_the_group_that_gives_it_is_named(client: Client, api_home: Path) -> None:
    answer = client.get(KILL, headers=headers(api_home, "wlcg/production")).json()

    assert (answer["allowed"], answer["rule"]) == (True, "role production")
    assert answer["acting_as"] == "role production by group wlcg/production"


def test_a_pilot_may_not_and_the_class_is_why(client: Client, api_home: Path) -> None:
    answer = client.get(KILL, headers=headers(api_home, "wlcg/pilot")).json()

    assert (answer["allowed"], answer["rule"]) == (False, "class user")


def test_a_capability_decides_where_a_token_has_any(client: Client, api_home: Path) -> None:
    token = a_token(api_home, scope="compute.read", groups=["wlcg", "wlcg/production"])

    answer = client.get(KILL, headers={"Authorization": f"Bearer {token}", "Origin": "wlcg"}).json()

    assert (answer["allowed"], answer["rule"]) == (False, "capability")
    assert answer["because"] == "the scope of the token lacks compute.cancel"


def test_what_only_a_decider_knows_is_said(client: Client, api_home: Path) -> None:
    answer = client.get("/v1/can-i?verb=set&kind=shares", headers=headers(api_home, "wlcg/operator")).json()

    assert (answer["allowed"], answer["rule"]) == (True, "role operator")
    assert answer["provided_that"] == "the settings are your organisation's, which was the first to set them"


@pytest.mark.parametrize(
    ("query", "status"),
    [("verb=fly&kind=task", 400), ("verb=kill&kind=task&id=x", 400), (f"command=KillTask&id={'9' * 500}", 400),
     ("verb=kill&kind=job&id=5", 404), ("command=RefineTask", 200)],
)  # fmt: skip
def test_odd_questions_have_answers(client: Client, api_home: Path, query: str, status: int) -> None:
    assert client.get(f"/v1/can-i?{query}", headers=headers(api_home)).status_code == status


def test_whoami_says_what_one_may_and_by_what(client: Client, api_home: Path) -> None:
    me = client.get("/v1/whoami", headers=headers(api_home, "wlcg/operator")).json()

    assert {row["right"]: row["because"] for row in me["may"]} == {
        "user": "role operator by group wlcg/operator",
        "operator": "role operator by group wlcg/operator",
        "others": "role operator by group wlcg/operator",
    }
    assert {row["right"]: row["because"] for row in me["may_not"]} == {
        "pilot": "wlcg/pilot is missing",
        "administrator": "only culm on a host of the installation may",
    }


def test_only_an_administrator_reads_the_policy(client: Client, api_home: Path) -> None:
    assert client.get("/v1/access-policy", headers=headers(api_home, "wlcg/operator")).status_code == 403


def test_a_verb_that_means_one_thing_needs_no_kind_and_others_do(client: Client, api_home: Path) -> None:
    submit = client.get("/v1/can-i?verb=submit", headers=headers(api_home)).json()
    kill = client.get("/v1/can-i?verb=kill", headers=headers(api_home))

    assert (submit["command"], submit["allowed"]) == ("SubmitTask", True)
    assert kill.status_code == 400
    assert kill.json()["detail"].startswith("found 'kill', expected the name of a command or one of: submit task")
