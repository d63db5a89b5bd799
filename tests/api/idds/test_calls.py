"""All calls of idds-client: each is served, or refused with what is not there yet; tokens, errors and answers in its forms."""

import json
from pathlib import Path

import pytest

from api.idds.surface import BY_NAME
from api.idds.surface import CALLS as TABLE
from tests.api.idds.builders import IddsFront, error_of
from tests.api.idds.clients_calls import CALLS, OPEN, WireCall

LATER = 4_000_000_000_000_000
EACH = [pytest.param(call, id=f"{row}-{call.verb}{call.path.replace('/', '-')}") for row, call in CALLS]


@pytest.fixture(scope="module")
def front(api_home: Path) -> IddsFront:
    return IddsFront(api_home)


def test_the_list_has_all_34_calls_of_the_reference_and_the_table_serves_or_refuses_each() -> None:
    assert {row for row, _ in CALLS} == set(range(1, 35))
    assert {call.name for _, call in CALLS} <= BY_NAME.keys()
    on_the_wire = {call.name for call in TABLE if call.paths}
    assert {call.name for _, call in CALLS} == on_the_wire
    assert len(BY_NAME) == len(TABLE)


@pytest.mark.parametrize("call", EACH)
def test_a_call_is_served_or_refused_with_what_is_not_there(front: IddsFront, call: WireCall) -> None:
    answer = front.ask(call.verb, call.path, call.body or None)

    row = BY_NAME[call.name]
    if call.name == "get_transform":  # there is none
        assert error_of(answer) == (404, "NoObject", "no such transform")
    elif call.name == "submit":  # what these two send is no workflow
        assert error_of(answer)[0] == 400
    elif not row.is_served:
        assert error_of(answer) == (501, "NotImplementedException", row.reason)
        assert len(row.reason) > 20
    elif call.name in ("get_oidc_sign_url", "get_id_token", "refresh_id_token"):
        assert error_of(answer)[:2] == (401, "AuthenticationNotSupported")
    else:
        assert answer.status_code == 200, answer.headers
        assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("call", EACH)
def test_a_call_without_a_token_is_not_answered_but_where_one_logs_in(front: IddsFront, call: WireCall) -> None:
    answer = front.ask(call.verb, call.path, call.body or None, {"X-IDDS-Auth-Type": "oidc", "X-IDDS-Auth-VO": "wlcg"})

    refused = answer.status_code == 401 and answer.headers["ExceptionClass"] == "AuthenticationException"
    assert refused is (call.name not in OPEN)


def test_a_sign_of_life_is_answered_as_the_reference_does(front: IddsFront) -> None:
    assert front.ask("GET", "/ping").content == b'{"Status":"OK"}'


def test_no_password_of_a_broker_is_in_the_settings_and_unknown_ones_are_empty(front: IddsFront) -> None:
    found = front.ask("GET", "/metainfo/asyncresult_config").json()

    assert found["brokers"] is found["broker_password"] is None
    assert front.ask("GET", "/metainfo/nothing").json() == {}


def test_a_token_that_is_not_believed_is_answered_401_with_the_exception_to_raise(front: IddsFront) -> None:
    answer = front.ask("GET", "/ping", headers={"X-IDDS-Auth-VO": "wlcg", "X-IDDS-Auth-Token": "HDR.PAY.SIG"})

    assert error_of(answer)[:2] == (401, "AuthenticationException")


def test_a_member_of_one_organisation_is_not_let_in_to_another(front: IddsFront) -> None:
    headers = {**front.headers(vo="wlcg"), "X-IDDS-Auth-VO": "juno"}

    assert error_of(front.ask("GET", "/ping", headers=headers)) == (
        401, "AuthenticationException", "Not a member of the juno group",
    )  # fmt: skip


def test_the_header_of_idds_counts_before_a_bearer_token(front: IddsFront) -> None:
    good = front.headers()["X-IDDS-Auth-Token"]
    bearer = {"Authorization": f"Bearer {good}", "Origin": "wlcg"}

    assert front.ask("GET", "/ping", headers=bearer).status_code == 200
    assert front.ask("GET", "/ping", headers={**bearer, "X-IDDS-Auth-Token": "x.y.z"}).status_code == 401


def test_a_pilot_has_no_workflows(front: IddsFront) -> None:
    answer = front.ask("GET", "/ping", headers=front.headers("pilot", "wlcg", "wlcg/pilot"))

    assert error_of(answer)[:2] == (403, "AuthenticationNoPermission")


@pytest.mark.parametrize("name", ["Username", "Userdn", "Usercert", "Usertoken"])
@pytest.mark.parametrize("groups", [(), ("wlcg/production", "wlcg/operator")])
def test_no_one_acts_for_another_user_and_who_tries_is_on_record(front: IddsFront, name: str, groups: tuple[str, ...]) -> None:
    front.gate.refusals.take_all(LATER)
    headers = {**front.headers("jane", "wlcg", *groups), f"X-IDDS-Auth-{name}-Original": "Bob Doe"}

    answer = front.ask("GET", "/ping", headers=headers)

    assert error_of(answer)[:2] == (403, "AuthenticationNoPermission")
    assert [one.rule for one in front.gate.refusals.take_all(LATER)] == ["behalf"]


def test_with_json_outputs_value_and_error_stand_in_an_object_with_status_200(front: IddsFront) -> None:
    good = front.ask("GET", "/ping?json_outputs=true")
    bad = front.ask("GET", "/logs/7000/101?json_outputs=true")

    assert good.json() == {"status": 0, "data": {"Status": "OK"}, "error": None}
    assert bad.status_code == 200
    assert (bad.json()["status"], bad.json()["data"]) == (501, None)
    assert bad.json()["error"]["ExceptionClass"] == "NotImplementedException"


def test_a_path_that_no_client_asks_for_is_a_missing_object(front: IddsFront) -> None:
    assert error_of(front.ask("GET", "/coffee"))[:2] == (404, "NoObject")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{", "the body is not JSON"),
        (b"null", "refresh_token: found nothing, expected a text in a JSON object"),
        (b"[" * 3_000 + b"]" * 3_000, "the body"),
        (b'{"refresh_token": "a\\u0000b"}', "'refresh_token': found"),
        (b'{"refresh_token": NaN}', "the body is not JSON"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_request(front: IddsFront, body: bytes, sentence: str) -> None:
    status, name, message = error_of(front.ask("POST", "/auth/token/wlcg", body))

    if body == b"null":  # the organisation is looked at first where the body says nothing wrong
        assert (status, name) in ((400, "BadRequest"), (401, "AuthenticationNotSupported"))
    else:
        assert (status, name) == (400, "BadRequest")
        assert message.startswith(sentence)


def test_a_sentence_of_any_characters_travels_in_a_header(front: IddsFront) -> None:
    answer = front.ask("GET", "/auth/url/%C3%A9%E2%80%AE%0d%0aX:y")

    assert json.loads(answer.headers["ExceptionMessage"])["msg"].startswith("no login for the organisation")
    assert "X" not in {name.upper() for name in answer.headers} & {"X"}
