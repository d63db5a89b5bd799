"""What goes over the wire: envelopes, verbs, prefixes, uploads, and the calls that are refused."""

import gzip
import shutil
import struct
import threading
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from api.app import create_app
from api.config import ApiConfig
from api.services import Services, make_gate
from identity.issuer import make_token
from process.addresses import ApiAddresses
from tests.api.builders import GatewayStandIn, ReadModelsStandIn, run
from tests.api.panda.builders import a_task_row

NOTHING = cast(Any, None)


class Front:
    """The front in this process, asked by Jane; `tables`: more rows of its read models."""

    def __init__(self, home: Path, tables: dict[str, list[dict[str, Any]]] | None = None) -> None:
        class Quiet(GatewayStandIn):
            ending = threading.Event()

        addresses = ApiAddresses.at("http://127.0.0.1:25080")
        config = ApiConfig(home, addresses, "127.0.0.1:1", "http://127.0.0.1:1", "postgresql://", vos=("wlcg",))
        gate = make_gate(config)
        gateway: Any = Quiet()
        read_models: Any = ReadModelsStandIn({"from task where": [a_task_row()], **(tables or {})})
        self._app = create_app(Services(config, NOTHING, gateway, read_models, gate, NOTHING))
        token = make_token(home, user="jdoe", name="Jane Doe", groups=["wlcg"], audience_hours=1)
        self._headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}

    def ask(self, verb: str, path: str, headers: dict[str, str] | None = None, **request: Any) -> httpx.Response:
        """The answer to a request with Jane's token, unless `headers` are given."""

        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://culm.example:25080") as client:
                sent = self._headers if headers is None else headers
                return await client.request(verb, path, headers=sent, **request)

        answer: httpx.Response = run(asked())
        return answer

    def envelope(self, verb: str, path: str, **request: Any) -> dict[str, Any]:
        """The envelope that comes with status 200."""
        answer = self.ask(verb, f"/api/v1/{path}", **request)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        assert set(found) == {"success", "message", "data"}
        assert isinstance(found["message"], str)
        return found


@pytest.fixture(scope="module")
def shared_front(api_home: Path) -> Front:
    """The front with one task in its read models; to make one takes longer than to ask it."""
    return Front(api_home)


@pytest.fixture
def front(shared_front: Front, api_home: Path) -> Front:
    """The front, with no sandbox in its cache."""
    shutil.rmtree(api_home / "cache", ignore_errors=True)
    return shared_front


def test_a_sign_of_life_needs_no_token_and_no_body(front: Front) -> None:
    answer = front.ask("GET", "/api/v1/system/is_alive", headers={"Content-Type": "application/json"})

    assert (answer.status_code, answer.json()) == (200, {"success": True, "message": "", "data": None})


@pytest.mark.parametrize("prefix", ["/api/v1", "/api/latest"])
def test_calls_are_below_both_prefixes(front: Front, prefix: str) -> None:
    answer = front.ask("GET", f"{prefix}/task/get_status", params={"task_id": "10000001"})

    assert answer.json() == {"success": True, "message": "", "data": "running"}


def test_a_json_content_type_on_get_is_not_taken_for_a_body(front: Front) -> None:
    found = front.envelope("GET", "task/get_status?task_id=10000001")

    assert found["data"] == "running"


def test_the_wrong_verb_is_said(front: Front) -> None:
    assert front.envelope("GET", "task/kill", params={"task_id": 1})["message"] == "expecting POST, received GET"
    assert front.envelope("POST", "task/get_status", json={"task_id": 1})["message"] == "expecting GET, received POST"


def test_errors_of_arguments_are_envelopes(front: Front) -> None:
    missing = front.envelope("POST", "task/kill", json={})
    wrong = front.envelope("GET", "task/get_datasets_and_files", params={"task_id": 1, "dataset_types": "x"})
    ids = front.envelope("POST", "job/get_description", json={"job_ids": ["x"]})

    assert missing == {"success": False, "message": "Argument error: missing a required argument: 'task_id'", "data": None}
    assert wrong["message"].startswith("Argument error: dataset_types holds 'x'")
    assert ids["message"].startswith("Type error: ids are")


def test_a_method_that_is_not_there_is_forbidden_in_plain_text(front: Front) -> None:
    answer = front.ask("GET", "/api/v1/task/make_coffee")

    assert (answer.status_code, answer.text) == (403, "ERROR : method task/make_coffee is forbidden")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["task/get_status?task_id=1", "task/make_coffee"])
def test_without_a_token_everything_is_forbidden_in_plain_text(front: Front, path: str) -> None:
    answer = front.ask("GET", f"/api/v1/{path}", headers={})

    assert answer.status_code == 403
    assert answer.text.startswith("ERROR : Token authentication failed. ")


def test_the_caller_sees_how_the_server_sees_it(front: Front) -> None:
    found = front.envelope("GET", "system/get_attributes", params={"a": "b"})

    assert found["data"]["parameters"] == {"a": "b"}
    assert found["data"]["environment"]["SSL_CLIENT_S_DN"] == "Jane Doe/CN=nickname:jdoe"
    assert found["data"]["environment"]["GRST_CRED_AUTH_TOKEN_0"] == "VOMS /wlcg/Role=NULL"


@pytest.mark.parametrize(
    ("verb", "path", "word"),
    [
        ("POST", "workflow/submit_workflow_raw_request", "workflows"),
        ("GET", "workflow/get_workflow_details?workflow_id=1", "workflows"),
        ("POST", "event/update_event_ranges", "event service"),
    ],
)
def test_what_is_not_offered_is_said_in_the_envelope(front: Front, verb: str, path: str, word: str) -> None:
    body = {"json": {"any": "thing"}} if verb == "POST" else {}

    found = front.envelope(verb, path, **body)

    assert found["success"] is False
    assert word in found["message"]


def test_legacy_workflow_calls_answer_an_array(front: Front) -> None:
    plain = front.ask("POST", "/server/panda/put_workflow_request", headers={}, content=b"data={}")
    packed = front.ask("POST", "/server/panda/put_workflow_request", content=gzip.compress(b'{"data": "{}", "sync": true}'))

    for answer in (plain, packed):
        assert answer.status_code == 200
        assert answer.json()[0] is False
        assert isinstance(answer.json()[1], str)


def test_a_sandbox_is_uploaded_and_found_again(front: Front) -> None:
    content = gzip.compress(b"sandbox")
    checksum = {"file_size": len(content), "checksum": struct.unpack("<I", content[-8:-4])[0]}
    assert front.envelope("POST", "file_server/validate_cache_file", json=checksum)["message"] == "NOTFOUND"

    uploaded = front.envelope("POST", "file_server/upload_cache_file", files={"file": ("/home/jane/jobO.1.tar.gz", content)})
    again = front.envelope("POST", "file_server/upload_cache_file", files={"file": ("jobO.1.tar.gz", b"other")})

    assert uploaded == {"success": True, "message": "", "data": None}
    assert (again["success"], again["message"]) == (False, "ERROR: cannot overwrite file")
    found = front.envelope("POST", "file_server/validate_cache_file", json=checksum)
    assert (found["success"], found["message"]) == (True, "FOUND:culm.example:jobO.1.tar.gz")
    assert front.ask("GET", "/cache/jobO.1.tar.gz", headers={}).content == content


def test_an_upload_without_a_file_is_an_error_of_arguments(front: Front) -> None:
    found = front.envelope("POST", "file_server/upload_cache_file", content=b"no multipart")

    assert found["message"] == "Argument error: missing a required argument: 'file'"


def test_options_of_commands_stand_in_the_query_string_and_nowhere_else(front: Front) -> None:
    dry = front.envelope("POST", "task/kill?dry_run=true&reason=why", json={"task_id": 10000001})
    odd = front.envelope("POST", "task/kill?dry_run=perhaps", json={"task_id": 10000001})
    both = front.envelope("POST", "task/kill?dry_run=true&at=2026-12-24", json={"task_id": 10000001})
    when = front.envelope("POST", "task/kill?at=soon", json={"task_id": 10000001})
    later = front.envelope("POST", "task/kill?at=2026-12-24T18:00:00", json={"task_id": 10000001})
    other = front.envelope("POST", "task/submit?dry_run=true", json={"task_parameters": {}})

    assert dry == {"success": True, "message": "dry run: 0 jobs and 0 input units", "data": {"jobs": 0, "input_units": 0}}
    assert odd["message"] == "Type error: 'dry_run' with str 'perhaps', expected bool"
    assert both["message"] == "Argument error: dry_run is decided now, expected no 'at' beside it"
    assert when["message"] == "Argument error: at is 'soon', expected YYYY-MM-DD HH:MM:SS (UTC)"
    assert later == {"success": True, "message": "KillTask is ordered for 2026-12-24T18:00:00.000Z", "data": 0}
    assert other["message"] == "Argument error: got an unexpected argument 'dry_run'"
