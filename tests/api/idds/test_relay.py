"""The relay in its three places: packing, forms, names with an address, ids as text, nested answers, statuses that bps reads."""

import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from api.idds.relayed_commands import bound, command_named
from api.idds.surface import BY_NAME
from tests.api.idds.builders import IddsFront

#: What a relay must know of ClientManager.
MANAGED = (
    "ping", "submit", "submit_work", "submit_build", "abort", "abort_task", "close", "retry", "get_requests",
    "get_request_id_by_name", "get_status", "get_transforms", "get_transform", "get_collections", "get_contents",
    "get_contents_output_ext", "send_messages", "get_messages", "get_metainfo", "get_hyperparameters", "update_hyperparameter",
    "update_build_request", "create_workflow_task", "adjust_worker", "close_workflow_task",
)  # fmt: skip


@pytest.fixture(scope="module")
def front(api_home: Path) -> IddsFront:
    return IddsFront(api_home)


def bearer(front: IddsFront) -> dict[str, str]:
    """Headers of panda-client."""
    return {"Authorization": f"Bearer {front.headers()['X-IDDS-Auth-Token']}", "Origin": "wlcg"}


def relayed(front: IddsFront, given: dict[str, Any], path: str = "relay_idds_command") -> httpx.Response:
    """The answer to what panda-client packs, without saying that it is packed."""
    body = gzip.compress(json.dumps(given).encode())
    headers = {**bearer(front), "Content-Type": "application/json"}
    return front.ask("POST", f"/server/panda/{path}", body, headers, prefix="")


def as_form(front: IddsFront, path: str, **fields: Any) -> httpx.Response:
    """The answer to a form."""
    headers = {**bearer(front), "Content-Type": "application/x-www-form-urlencoded"}
    return front.ask("POST", path, urlencode(fields).encode(), headers, prefix="")


def test_a_packed_body_is_known_by_its_first_bytes(front: IddsFront) -> None:
    answer = relayed(front, {"command_name": "ping", "manager": True})

    assert (answer.status_code, answer.content) == (200, b'[true,{"Status":"OK"}]')


def test_a_form_is_read(front: IddsFront) -> None:
    answer = as_form(front, "/server/panda/relay_idds_command", command_name="ping", manager="True")

    assert answer.json() == [True, {"Status": "OK"}]


def test_the_address_of_a_server_behind_the_name_is_not_looked_at(front: IddsFront) -> None:
    answer = relayed(front, {"command_name": "ping+http://169.254.169.254/latest:443/idds", "manager": True})

    assert answer.json() == [True, {"Status": "OK"}]


@pytest.mark.parametrize("prefix", ["/api/v1", "/api/latest"])
def test_below_api_v1_the_answer_is_an_envelope(front: IddsFront, prefix: str) -> None:
    body = json.dumps({"command_name": "ping", "manager": True}).encode()
    headers = {**bearer(front), "Content-Type": "application/json"}

    answer = front.ask("POST", f"{prefix}/idds/relay_idds_command", body, headers, prefix="")

    assert answer.json() == {"success": True, "message": "", "data": {"Status": "OK"}}


def test_settings_come_nested_to_a_manager_and_plain_to_a_client(front: IddsFront) -> None:
    given = {"command_name": "get_metainfo", "args": '["x"]'}

    assert relayed(front, {**given, "manager": True}).json() == [True, [True, {}]]
    assert relayed(front, given).json() == [True, {}]


def test_with_json_outputs_the_value_stands_in_an_object(front: IddsFront) -> None:
    answer = relayed(front, {"command_name": "ping", "manager": True, "json_outputs": True})

    assert answer.json() == [True, {"status": 0, "data": {"Status": "OK"}, "error": None}]


@pytest.mark.parametrize("name", MANAGED)
def test_every_command_of_a_manager_is_known(front: IddsFront, name: str) -> None:
    answer = relayed(front, {"command_name": name, "manager": True})

    row = BY_NAME[command_named(name, manager=True).call]
    assert "is no command" not in str(answer.json()[1])
    if row.is_served:
        assert answer.status_code == 200
    else:
        # bps takes anything with 200 for rows, also a refusal.
        assert (answer.status_code, answer.json()) == (501, [False, row.reason])


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"command_name": "__class__", "manager": True}, "command_name: '__class__' is no command of iDDS's ClientManager"),
        ({"command_name": "get_client_proxy"}, "command_name: 'get_client_proxy' is no command of iDDS's Client"),
        ({"command_name": ""}, "command_name: found nothing, expected the name of a method"),
        ({"command_name": ["ping"]}, "command_name: found nothing, expected the name of a method"),
        ({"command_name": "ping", "args": "[1]"}, "args: 1 arguments, expected at most 0"),
        ({"command_name": "ping", "kwargs": '{"host": "http://x"}'}, "kwargs: 'host' is no parameter, expected none"),
        ({"command_name": "ping", "args": "{"}, "args: "),
        ({"command_name": "ping", "kwargs": "[]"}, "kwargs: found a list, expected the JSON of a dict"),
        ({"command_name": "ping", "kwargs": "[" * 5_000}, "kwargs: "),
        ({"command_name": "ping", "manager": "perhaps"}, "manager: found 'perhaps', expected True or False"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_with_its_reason(
    front: IddsFront, given: dict[str, Any], sentence: str
) -> None:
    answer = relayed(front, given)

    assert answer.status_code == 200
    assert answer.json()[0] is False
    assert answer.json()[1].startswith(sentence)


def test_who_has_no_token_is_refused_as_panda_refuses(front: IddsFront) -> None:
    answer = front.ask("POST", "/server/panda/relay_idds_command", b"command_name=ping", {}, prefix="")

    assert answer.status_code == 403
    assert answer.text.startswith("ERROR : Token authentication failed")


def test_arguments_are_bound_as_the_clients_methods_take_them() -> None:
    ids = command_named("abort_task", manager=True)
    contents = command_named("get_contents", manager=True)

    assert bound(ids, ["101", None], {"task_id": 7}) == {"request_id": "101", "workload_id": None, "task_id": 7}
    assert bound(contents, [], {"coll_name": "c", "status": 2}) == {"name": "c", "content_status": 2}
    assert command_named("abort_request", manager=False).call == "abort"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"command_name": "get_status", "kwargs": '{"request_id": 101}'}, "request 101 is not found"),
        ({"command_name": "get_requests", "kwargs": '{"request_id": 101}'}, "get_requests is unsupported"),
        ({"command_name": "abort", "kwargs": "{}"}, "request_id is missing"),
        ({"command_name": "abort"}, "request_id is missing"),
    ],
)
def test_commands_of_pbook_are_refused_in_its_array(front: IddsFront, fields: dict[str, str], said: str) -> None:
    answer = as_form(front, "/server/panda/execute_idds_workflow_command", **fields)

    assert (answer.status_code, answer.json()) == (200, [False, said])
