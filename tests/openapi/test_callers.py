"""The callers have the rights that their names say, and no others."""

from pathlib import Path

import pytest

from api.app import create_app
from tests.api.test_routes import Client, services_at
from tests.openapi.callers import Callers


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("callers")


@pytest.fixture(scope="module")
def client(home: Path) -> Client:
    """Requests to an API of wlcg alone, whose issuer's key is in `home`."""
    return Client(create_app(services_at(home)))


@pytest.mark.parametrize(
    ("who", "reads", "submits", "asks_for_a_job"),
    [
        ("nameless", 401, 401, 401),
        ("pilot", 403, 403, 400),
        ("reader", 200, 403, 403),
        ("broken", 403, 403, 403),
        ("member_of_another", 403, 403, 403),
        ("other_issuer", 403, 403, 403),
    ],
)
def test_a_caller_has_the_rights_that_its_name_says(
    client: Client, home: Path, who: str, reads: int, submits: int, asks_for_a_job: int
) -> None:
    headers = getattr(Callers(home, {}, {}), who).headers

    found = [
        client.get("/v1/tasks", headers=headers).status_code,
        client.post("/v1/tasks", headers=headers, json={"parameters": {}}).status_code,
        client.post("/v1/commands/LeaseJob", headers=headers, json={}).status_code,
    ]

    assert found == [reads, submits, asks_for_a_job]
