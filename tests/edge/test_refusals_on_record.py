"""What the edge refuses is an audit record, as what the API refuses: whose it is, by which rule, collapsed for each minute."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from api.edge.app import Edge
from api.edge.callers import Callers
from api.edge.config import EdgeConfig
from api.edge.recorded import WORDS, EdgeRecords
from api.edge.server import server_of
from api.edge.voms import Voms
from api.edge.watching import TrustWatch
from identity.sentences import SENTENCES
from identity.x509.chains import ProvenPerson
from identity.x509.errors import CertificateRefused
from identity.x509.rights import subject_of_person
from schemas.instants import MINUTE
from schemas.refusal import RequestsRefused
from tests.edge.conftest import Running, Serving
from tests.edge.grid import AUTHORITY_DN, JANE_DN, Credential, authority, person, proxy, trust

JANE = person(authority())
NOW = 1_000_000.0
LATER = int(NOW) * 1_000_000 + MINUTE
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def records() -> EdgeRecords:
    return EdgeRecords(lambda: NOW)


@pytest.fixture
def edge(config: EdgeConfig, records: EdgeRecords) -> Iterator[Running]:
    """An edge whose refusals are kept in `records`."""
    found = Running(config, TrustWatch(config, records=records))
    answers = httpx.MockTransport(lambda _: httpx.Response(200))
    app = Edge(Callers(config.home, found.watch, Voms(config.voms, config.authorities)), answers, records)
    with Serving(server_of(config, found.watch, app), app.close):
        yield found


def written(records: EdgeRecords) -> list[tuple[str, str, int]]:
    """Caller, rule and number of each record."""
    taken: list[RequestsRefused] = records.refusals.take(LATER)
    assert {(one.route_class, one.vo, one.route) for one in taken} <= {("certificate", "", "")}
    return [(one.caller, one.rule, one.requests) for one in taken]


def refused(edge: Running, credential: Credential | None, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            edge.get(credential)


def test_refusals_of_one_person_are_a_first_record_and_one_of_the_minute(edge: Running, records: EdgeRecords) -> None:
    actor = subject_of_person(ProvenPerson(JANE_DN, AUTHORITY_DN, 0.0))
    (edge.config.home / "rows.json").write_text("{}")
    edge.watch.look()

    with edge.client(proxy(JANE)) as client:
        for _ in range(5):
            assert client.get("/v1/x").status_code == 403

    assert written(records) == [(actor, "certificate.rights", 1), (actor, "certificate.rights", 4)]


def test_a_browser_with_a_certificate_is_on_record_with_its_correlation_id(edge: Running, records: EdgeRecords) -> None:
    edge.get(JANE, headers={"Sec-Fetch-Mode": "navigate", "traceparent": TRACE})

    (record,) = records.refusals.take(LATER)
    assert (record.rule, record.correlation_id) == ("certificate.browser", "0af76519-16cd-43dd-8448-eb211c80319c")
    assert JANE_DN not in record.caller


def test_failed_handshakes_are_counted_together_by_their_reason(edge: Running, records: EdgeRecords) -> None:
    trust(edge.config.authorities, authority(), [JANE.certificate.serial_number])
    edge.watch.look()

    refused(edge, JANE, 3)
    refused(edge, None)

    assert written(records) == [
        ("none", "handshake.revoked", 1),
        ("none", "handshake.no_certificate", 1),
        ("none", "handshake.revoked", 2),
    ]


def test_a_flood_of_chains_that_prove_no_one_makes_a_bounded_number_of_records(records: EdgeRecords) -> None:
    for number in range(1_000):
        records.certificate(CertificateRefused("too long", "path"), (number.to_bytes(4, "big"),), None)

    taken = written(records)
    assert len(taken) == 102
    assert sum(requests for _, _, requests in taken) == 1_000
    assert taken[-1][0] == "others"


def test_every_reason_of_a_failed_handshake_has_its_sentence() -> None:
    assert {f"handshake.{word}" for word in (*WORDS.values(), "no_certificate")} <= SENTENCES.keys()
