"""Every broken chain in a real handshake: it ends there or is refused, nothing is handed on, and the edge's log has the rule."""

import ssl
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from api.edge.handshakes import LINES_MAX, NO_CERTIFICATE, RefusedHandshakes
from tests.edge.conftest import Running
from tests.edge.grid import AUTHORITY_DN, Credential, authority, person, trust
from tests.edge.test_chains import BROKEN
from tests.edge.test_edge import ENDS_IN_HANDSHAKE, NO_ACCESS, REFUSED_BY_RULE

OTHERS = ENDS_IN_HANDSHAKE | REFUSED_BY_RULE
#: OpenSSL does not load it, so no client of this library sends it.
NOT_SENT = "proxy that is an authority"
KINDS: dict[str, Credential | None] = {kind: credential for kind, (credential, _) in BROKEN.items() if kind != NOT_SENT}
MORE = ("no certificate", "foreign authority", "authority of the same name, another key", "no row")
KINDS |= {kind: OTHERS[kind] for kind in MORE}
SECRETS = ("BEGIN", "PRIVATE")


def refusals(lines: list[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    return [line for line in lines if line["event"] == "certificate_refused"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_chain_is_handed_on_by_no_handshake_and_leaves_its_sentence(running: Running, kind: str) -> None:
    with capture_logs() as lines:
        try:
            answer = running.get(KINDS[kind])
        except (httpx.TransportError, ssl.SSLError):
            rule = "handshake"
        else:
            assert (answer.status_code, answer.json()["detail"]) == (403, NO_ACCESS)
            rule = BROKEN[kind][1] if kind in BROKEN else ""

    assert running.asked == []
    (line,) = refusals(lines)
    assert line["rule"] == rule or not rule
    assert line["reason"]
    assert not any(word in line["reason"] for word in SECRETS)


def test_a_revoked_person_and_an_expired_list_leave_their_sentence(running: Running) -> None:
    jane = person(authority())
    trust(running.config.authorities, authority(), [jane.certificate.serial_number])
    running.watch.look()
    with capture_logs() as lines, pytest.raises(httpx.TransportError):
        running.get(jane)
    assert [line["reason"] for line in refusals(lines)] == ["certificate revoked"]

    trust(running.config.authorities, authority(), life=-timedelta(hours=1))
    running.watch.look()
    with capture_logs() as lines, pytest.raises(httpx.TransportError):
        running.get(jane)
    assert [line["reason"] for line in refusals(lines)] == ["CRL has expired"]
    assert AUTHORITY_DN in running.watch.alarms[0]


def test_a_flood_of_failed_handshakes_makes_few_lines_and_their_number() -> None:
    now = [0.0]
    refused = RefusedHandshakes(lambda: now[0])
    problem = ssl.SSLError(1, "x")
    problem.reason = NO_CERTIFICATE

    with capture_logs() as lines:
        for _ in range(LINES_MAX + 40):
            refused.note(problem)
        now[0] = 60.0
        refused.note(problem)
        problem.reason = "HTTP_REQUEST"
        refused.note(problem)

    assert len(lines) == LINES_MAX + 1
    assert (lines[-1]["left_out"], lines[-1]["reason"]) == (40, "the client sent no certificate")
