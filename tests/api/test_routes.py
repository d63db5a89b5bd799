"""Every route says whom it serves, and errors look as each family of clients expects."""

import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from api.app import create_app
from api.config import ApiConfig
from api.http.access import RequiredRight
from api.monitor.aliases import ALIASES
from api.pilots.hot_routes import HotRoutes
from api.services import Services, make_gate
from identity.issuer import make_token
from identity.ruling import EndpointClass
from process.addresses import ApiAddresses
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, run

NOTHING = cast(Any, None)


def services_at(home: Path) -> Services:
    """Services that reach nothing."""

    class Idle(GatewayStandIn):
        ending = threading.Event()

        def start(self) -> None:
            """Nothing to begin."""

        def close(self) -> None:
            """Nothing to end."""

    class Silent(ReadModelsStandIn):
        def close(self) -> None:
            """Nothing to end."""

    addresses = ApiAddresses.at("http://127.0.0.1:1")
    config = ApiConfig(home, addresses, "127.0.0.1:1", "http://127.0.0.1:1", "postgresql://", vos=("wlcg",))
    live: Any = Idle()
    gateway: Any = Idle()
    read_models: Any = Silent()
    return Services(config, NOTHING, gateway, read_models, make_gate(config), live)


class Client:
    """Requests to an app in this process."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def get(self, path: str, **request: Any) -> httpx.Response:
        """The answer to a GET."""
        return self._ask("GET", path, request)

    def post(self, path: str, **request: Any) -> httpx.Response:
        """The answer to a POST."""
        return self._ask("POST", path, request)

    def _ask(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://culm") as client:
                return await client.request(method, path, **request)

        answer: httpx.Response = run(ask())
        return answer


@pytest.fixture(scope="module")
def app(api_home: Path) -> HotRoutes:
    """An app that reaches nothing; to make one takes longer than all requests of this module."""
    return create_app(services_at(api_home))


@pytest.fixture
def client(app: HotRoutes) -> Client:
    """A client of the app."""
    return Client(app)


@pytest.fixture
def cache(api_home: Path) -> Path:
    """The folder of sandboxes that the app serves."""
    folder = api_home / "cache"
    folder.mkdir(exist_ok=True)
    return folder


def headers(home: Path, *groups: str) -> dict[str, str]:
    """Headers of a member with `groups`."""
    token = make_token(home, user="jdoe", name="Jane Doe", groups=["wlcg", *groups], audience_hours=1)
    return {"Authorization": f"Bearer {token}", "Origin": "wlcg"}


def routes_at(home: Path) -> list[BaseRoute]:
    """All routes of an app that reaches nothing."""
    return routes_of(create_app(services_at(home)))


def routes_of(app: HotRoutes) -> list[BaseRoute]:
    """All routes of an app."""
    return cast(FastAPI, app.app).routes


def declared_classes(route: RouteContext) -> list[EndpointClass]:
    """The classes that a route declares."""
    if isinstance(route.original_route, APIRoute):
        return [call.kind for call in _calls(route.dependant) if isinstance(call, RequiredRight)]
    kind = getattr(route.endpoint, "access", None)
    return [kind] if isinstance(kind, EndpointClass) else []


def capability_of(route: RouteContext) -> str:
    """What a route needs of a token that has capabilities; empty where roles decide."""
    if isinstance(route.original_route, APIRoute):
        return "".join(call.capability for call in _calls(route.dependant) if isinstance(call, RequiredRight))
    return str(getattr(route.endpoint, "capability", ""))


def _calls(dependant: Dependant) -> Iterator[Any]:
    for part in dependant.dependencies:
        yield part.call
        yield from _calls(part)


def test_every_route_declares_exactly_one_class(app: HotRoutes) -> None:
    routes = list(iter_route_contexts(routes_of(app)))

    silent = [route.path for route in routes if len(declared_classes(route)) != 1]

    assert silent == []
    assert len(routes) > 60
    assert all(isinstance(route.original_route, Route) for route in routes)


def test_every_route_for_users_names_the_capability_that_it_needs(app: HotRoutes) -> None:
    routes = list(iter_route_contexts(routes_of(app)))

    silent = {str(route.path) for route in routes if EndpointClass.USER in declared_classes(route) and not capability_of(route)}

    # Ending one's own login is neither reading nor changing a task.
    assert silent == {"/auth/logout"}


def test_only_documents_and_signs_of_life_are_public(app: HotRoutes) -> None:
    routes = iter_route_contexts(routes_of(app))
    public = {str(route.path) for route in routes if EndpointClass.PUBLIC in declared_classes(route)}

    allowed = ("/auth/", "/cache/", "/trf/", "/v1/health", "/openapi.json", "/v1/openapi.json", "/monitor", "/static",
               # Where clients of iDDS log in, and a cache to which they send no token, which refuses all.
               "/idds/auth/", "/idds/cacher/")  # fmt: skip
    # Where one logs in, and bookmarks of BigPanDA, which lead to pages that ask who one is.
    pages = {"/login", "/login/at/{vo}", "/login/callback", "/logout", *ALIASES}
    # Agents come with a code, verifiers for keys that are public, the edge with a certificate that is no member.
    pages |= {"/v1/agents/enrol", "/v1/agents/keys", "/v1/links/certificate"}
    calls = {"system/is_alive", "metaconfig/get_site_specs"}
    #: They say that there are no workflows, and nothing else.
    saying_no = {"put_workflow_request", "put_file_recovery_request", "putEventPickingRequest"}

    others = {path for path in public if not path.startswith(allowed)} - pages
    others -= {f"/server/panda/{name}" for name in saying_no}
    assert {path for path in others if "/".join(path.split("/")[-2:]) not in calls} == set()


def test_a_stranger_gets_problem_json_on_the_native_api(client: Client) -> None:
    answer = client.get("/v1/tasks")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/server/panda/getJob", "/api/v1/pilot/update_job"])
def test_a_stranger_gets_text_on_the_panda_paths(client: Client, path: str) -> None:
    answer = client.post(path, content=b"siteName=X", headers={"Authorization": "Bearer x", "Origin": "wlcg"})

    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("ERROR : Token authentication failed. ")


def test_an_unknown_vo_is_named_as_panda_does(client: Client, tmp_path: Path) -> None:
    answer = client.post("/server/panda/getJob", headers=headers(tmp_path, "wlcg/pilot") | {"Origin": "cms"})

    assert (answer.status_code, answer.text) == (403, "ERROR : Token authentication failed. Unknown vo : cms")


def test_a_member_without_the_role_gets_the_envelope_on_api_v1(client: Client, tmp_path: Path) -> None:
    answer = client.post("/api/v1/pilot/acquire_jobs", headers=headers(tmp_path), json={})

    assert answer.status_code == 200
    assert answer.json() == {"success": False, "message": "pilot role required", "data": None}


def test_a_body_over_the_limit_is_refused_with_the_limit(client: Client, tmp_path: Path) -> None:
    answer = client.post("/v1/commands/KillTask", content=b" " * (4 * 1024 * 1024 + 1), headers=headers(tmp_path))

    assert answer.status_code == 413
    assert answer.json()["limit_bytes"] == 4 * 1024 * 1024


def test_a_body_without_a_length_is_refused_while_it_is_read(client: Client, tmp_path: Path) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(6):
            yield b" " * 1_000_000

    answer = client.post("/v1/commands/KillTask", content=pieces(), headers=headers(tmp_path))

    assert answer.status_code == 413


def test_a_small_body_that_grows_over_the_limit_is_refused(client: Client, tmp_path: Path) -> None:
    import gzip

    bomb = gzip.compress(b" " * 50_000_000)

    answer = client.post("/server/panda/getJob", content=bomb, headers=headers(tmp_path, "wlcg/pilot"))

    assert len(bomb) < 100_000
    assert answer.status_code == 413


def test_broken_json_is_a_bad_request(client: Client, tmp_path: Path) -> None:
    answer = client.post(
        "/v1/commands/KillTask",
        content=b'{"aggregate_id": ',
        headers=headers(tmp_path) | {"Content-Type": "application/json"},
    )

    assert answer.status_code == 400
    assert "not JSON" in answer.json()["detail"]


def test_an_unknown_command_is_not_found(client: Client, tmp_path: Path) -> None:
    answer = client.post("/v1/commands/MakeCoffee", json={}, headers=headers(tmp_path))

    assert answer.status_code == 404
    assert "MakeCoffee" in answer.json()["detail"]


def test_a_wrong_field_is_named_with_its_value_and_what_was_expected(client: Client, tmp_path: Path) -> None:
    answer = client.post("/v1/commands/FinishTask", json={"aggregate_id": "10000000", "soft": "yes"}, headers=headers(tmp_path))

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"field": "soft", "value": "'yes'", "expected": "true or false"}]


def test_an_operators_command_is_denied_to_users(client: Client, tmp_path: Path) -> None:
    answer = client.post("/v1/commands/SetShares", json={"aggregate_id": "shares"}, headers=headers(tmp_path))

    assert answer.status_code == 403
    assert answer.json()["detail"] == "operator or production role required"


def test_a_task_that_is_not_of_the_vo_does_not_exist(client: Client, tmp_path: Path) -> None:
    answer = client.post("/v1/commands/KillTask", json={"aggregate_id": "10000000"}, headers=headers(tmp_path))

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/cache/..%2fidentity%2fkey.json", "/cache/%2e%2e/identity/key.json", "/cache/.hidden", "/cache/identity",
     "/trf/user/..%2f..%2fapp.py", "/trf/user/__init__.py", "/cache/x%00y"],
)  # fmt: skip
def test_nothing_outside_the_folder_is_served(client: Client, cache: Path, path: str) -> None:
    (cache / ".hidden").write_text("secret")
    if not (cache / "identity").exists():
        (cache / "identity").symlink_to(cache.parent / "identity" / "key.json")

    assert client.get(path).status_code == 404


def test_a_sandbox_is_served_as_its_raw_bytes(client: Client, cache: Path) -> None:
    import gzip

    content = gzip.compress(b"sandbox")
    (cache / "jobO.1.tar.gz").write_bytes(content)

    answer = client.get("/cache/jobO.1.tar.gz")

    assert answer.content == content
    assert "content-encoding" not in answer.headers
    assert (answer.headers["x-content-type-options"], answer.headers["content-disposition"]) == ("nosniff", "attachment")


@pytest.mark.parametrize("spelled", ["wlcg", "wlcg:production", "wlcg.production"])
def test_the_auth_configuration_is_served_in_every_spelling(client: Client, spelled: str) -> None:
    document = client.get(f"/auth/{spelled}_auth_config.json").json()

    assert document["vo"] == spelled
    assert {"audience", "client_id", "client_secret", "oidc_config_url"} <= set(document)


def test_an_unexpected_error_says_nothing_of_itself(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    logged: list[dict[str, Any]] = []
    monkeypatch.setattr("api.http.problems.log.error", lambda event, **facts: logged.append(facts), raising=False)

    broken = client.get("/v1/health")

    assert broken.status_code == 500
    assert [facts["path"] for facts in logged] == ["/v1/health"]
    assert broken.json()["detail"] == "an unexpected error; it was logged"


def test_the_openapi_document_lists_what_clients_may_send(client: Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]

    assert "/v1/commands/KillTask" in paths
    assert "/v1/commands/LeaseJob" in paths
    assert "post" in paths["/v1/tasks"]


@pytest.mark.parametrize("groups", [(), ("wlcg/operator", "wlcg/production", "wlcg/pilot")])
@pytest.mark.parametrize("name", ["SubmitTask", "ClaimTaskName", "RefineTask", "EndLeases", "DefineJob", "WantWorkers"])
def test_commands_that_culm_sends_itself_are_not_for_users_and_not_for_operators(
    client: Client, tmp_path: Path, name: str, groups: tuple[str, ...]
) -> None:
    answer = client.post(f"/v1/commands/{name}", headers=headers(tmp_path, *groups), json={"aggregate_id": "10000000"})

    assert answer.status_code == 403
    assert "the command is sent by Culm itself" in answer.json()["detail"]


@pytest.mark.parametrize("key", ["wlcg/user/somebody-else/name", "wlcg/user//name", "wlcg/user", "wlcg/user/jdoe2/name"])
def test_a_user_cannot_claim_a_name_of_someone_else(client: Client, tmp_path: Path, key: str) -> None:
    body = {"aggregate_id": key, "name": "name", "task_id": 10_000_000}

    answer = client.post("/v1/commands/ClaimTaskName", headers=headers(tmp_path), json=body)

    assert answer.status_code == 403
    assert "on behalf of its users; submit a task by POST /v1/tasks" in answer.json()["detail"]


def test_a_form_that_cannot_be_read_is_said_so_and_not_called_missing(client: Client, tmp_path: Path) -> None:
    kind = headers(tmp_path) | {"Content-Type": "multipart/form-data"}

    answer = client.post("/api/v1/file_server/upload_cache_file", headers=kind, content=b"no boundary")

    assert answer.status_code == 400
    assert "nothing at" not in answer.text
