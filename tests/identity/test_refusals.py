"""Refusals as records: which of them stand in the log, whose, and how few a flood makes."""

from pathlib import Path
from typing import Any

import pytest

from api.http.access import Gate
from api.http.errors import AccessDenied, ApiError
from identity.refusals import MEMBERS_MAX, OTHERS, TOKENS_MAX, Refusals, RefusedRequest, caller_of_actor, caller_of_token
from identity.ruling import EndpointClass
from schemas.instants import MICROSECONDS, MINUTE
from schemas.policy import IdentityRevoked
from schemas.refusal import RequestsRefused
from tests.api.builders import a_request, run
from tests.identity.builders import a_gate, a_token

NOW = 1_800_000_000 * MICROSECONDS
LATER = NOW + 3600 * MICROSECONDS


def noted(refusals: Refusals, caller: str, now: int = NOW, rule: str = "role") -> None:
    refusals.note(RefusedRequest(caller, rule, "operator", "wlcg", "/v1/queues"), now)


def counts(records: list[RequestsRefused]) -> list[tuple[str, str, int]]:
    return [(record.caller, record.rule, record.requests) for record in records]


def test_the_first_refusal_is_recorded_at_once_and_the_others_of_its_minute_as_one() -> None:
    refusals = Refusals()
    for second in range(10):
        noted(refusals, "jane", NOW + second * MICROSECONDS)

    assert counts(refusals.take(NOW + 10 * MICROSECONDS)) == [("jane", "role", 1)]
    assert refusals.take(NOW + MINUTE - 1) == []

    (rest,) = refusals.take(NOW + MINUTE)
    assert (rest.requests, rest.first_at, rest.last_at) == (9, NOW + MICROSECONDS, NOW + 9 * MICROSECONDS)
    assert (rest.route_class, rest.vo, rest.route) == ("operator", "wlcg", "/v1/queues")
    assert refusals.take(LATER) == []


def test_callers_and_rules_have_records_of_their_own() -> None:
    refusals = Refusals()
    for caller, rule in (("jane", "role"), ("joe", "role"), ("jane", "owner"), ("jane", "role")):
        noted(refusals, caller, rule=rule)

    assert counts(refusals.take(NOW)) == [("jane", "role", 1), ("joe", "role", 1), ("jane", "owner", 1)]
    assert counts(refusals.take_all(NOW)) == [("jane", "role", 1)]


def test_a_new_minute_begins_with_a_record_again() -> None:
    refusals = Refusals()
    for now in (NOW, NOW + 1, NOW + MINUTE):
        noted(refusals, "jane", now)

    assert counts(refusals.take(NOW + MINUTE)) == [("jane", "role", 1)] * 3


def test_a_flood_of_made_up_tokens_makes_few_records_and_hides_no_member() -> None:
    refusals = Refusals()
    for number in range(10_000):
        noted(refusals, caller_of_token(f"made.up.{number}"), rule="form")
    noted(refusals, "jane")

    records = refusals.take_all(NOW)

    assert len(records) == TOKENS_MAX + 3
    assert sum(record.requests for record in records) == 10_001
    assert ("jane", "role", 1) in counts(records)
    assert (OTHERS, "form", 9_999 - TOKENS_MAX) in counts(records)


def test_members_without_end_make_few_records_and_room_comes_with_the_minute() -> None:
    refusals = Refusals()
    for number in range(2 * MEMBERS_MAX):
        noted(refusals, f"member-{number}")
    assert len(refusals.take(NOW)) == MEMBERS_MAX + 1

    noted(refusals, "jane", NOW + MINUTE)

    assert ("jane", "role", 1) in counts(refusals.take(NOW + MINUTE))


def test_what_no_one_takes_is_bounded() -> None:
    refusals = Refusals()
    for minute in range(20):
        for number in range(MEMBERS_MAX):
            noted(refusals, f"member-{number}", NOW + minute * MINUTE)

    assert len(refusals.take(LATER)) == 2_000


def test_a_caller_says_nothing_of_a_token_and_fits_a_record() -> None:
    assert caller_of_token("") == "none"
    assert caller_of_token("secret.of.jane").startswith("token.")
    assert len(caller_of_token("secret.of.jane")) == len("token.") + 16
    assert caller_of_actor("jane") == "jane"
    assert [caller_of_actor(odd)[:6] for odd in ("", "a\nb", "x" * 256)] == ["none", "token.", "token."]


def refused(gate: Gate, headers: dict[str, str], kind: EndpointClass = EndpointClass.USER) -> RequestsRefused:
    """The record that a request leaves which is refused."""
    with pytest.raises(ApiError):
        run(gate.admit(kind, a_request(headers)))
    (record,) = gate.refusals.take(NOW)
    return record


def test_the_gate_records_every_refusal_with_its_rule(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)
    good = a_token(tmp_path)

    def by(token: str, origin: str = "wlcg", kind: EndpointClass = EndpointClass.USER) -> tuple[str, str, str, str]:
        record = refused(gate, {"Authorization": f"Bearer {token}", "Origin": origin}, kind)
        return record.caller, record.rule, record.route_class, record.vo

    expired = a_token(tmp_path, exp=1)
    assert by("") == ("none", "token", "user", "")
    assert by(expired) == (caller_of_token(expired), "exp", "user", "")
    assert by("rubbish")[1] == "form"
    assert by(good, "cms") == ("s", "member", "user", "")
    assert by(good, kind=EndpointClass.OPERATOR) == ("s", "role", "operator", "wlcg")
    gate.verifier.revocations.take(IdentityRevoked(actor="s"), NOW)
    assert by(good) == ("s", "revoked", "user", "")


def test_what_a_token_claims_stands_in_no_record(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)
    token = a_token(tmp_path, iss="https://planted.example", sub="planted", name="planted")

    record = refused(gate, {"Authorization": f"Bearer {token}", "Origin": "wlcg"})

    assert "planted" not in repr(record)
    assert not any(part in repr(record) for part in token.split("."))


def test_an_owner_only_refusal_is_recorded_once(tmp_path: Path) -> None:
    gate = a_gate(tmp_path)
    request = a_request({"Authorization": f"Bearer {a_token(tmp_path)}", "Origin": "wlcg"})
    run(gate.admit(EndpointClass.USER, request))
    error = AccessDenied("not the task owner or no production role")

    gate.record(request, error)
    gate.record(request, error)

    (record,) = gate.refusals.take_all(NOW * 2)
    assert (record.caller, record.rule, record.vo, record.requests) == ("s", "owner", "wlcg", 1)


def test_a_refusal_of_a_route_is_recorded_with_the_route(tmp_path: Path) -> None:
    from api.app import create_app
    from tests.api.test_routes import Client, services_at

    services: Any = services_at(tmp_path)
    Client(create_app(services)).get("/v1/tasks/10000007/jobs?secret=1")

    (record,) = services.gate.refusals.take_all(NOW)
    assert (record.caller, record.rule, record.route_class) == ("none", "token", "user")
    assert "10000007" not in record.route
    assert record.route.startswith("/")
