"""A proxy with its private key, shown to the edge rightly and in every wrong place: nothing of it stands anywhere afterwards."""

import ssl
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from api.edge.app import Edge
from api.edge.callers import Callers
from api.edge.config import EdgeConfig
from api.edge.recorded import EdgeRecords
from api.edge.server import server_of
from api.edge.voms import Voms
from api.edge.watching import TrustWatch
from schemas.instants import MINUTE
from tests.edge.conftest import Running, Serving, pieces
from tests.edge.grid import Credential, authority, person, proxy, trust

NOW = 1_000_000.0
LATER = int(NOW) * 1_000_000 + MINUTE
CA = authority()
PERSON = person(CA)
PLANTED = proxy(PERSON)
#: Where a client may put the file, none of them right; each a header.
HEADERS = ("Authorization", "X-SSL-Client-Cert", "SSL_CLIENT_CERT", "SSL-CLIENT-CERT-CHAIN-0", "GRST_CRED_AURI_0", "Cookie")


def words_of(credential: Credential) -> list[str]:
    """Every whole line of base64 in its file, of the certificates and of the private key, that the authority has not as well."""
    known = CA.pem().decode()
    return [line for line in credential.pem().decode().splitlines() if len(line) == 64 and line not in known]


@pytest.fixture
def records() -> EdgeRecords:
    return EdgeRecords(lambda: NOW)


@pytest.fixture
def edge(config: EdgeConfig, records: EdgeRecords) -> Iterator[Running]:
    """An edge before an application that answers nothing of what it was asked."""
    found = Running(config, TrustWatch(config, records=records))

    def answer(request: httpx.Request) -> httpx.Response:
        found.asked.append(request)
        return httpx.Response(403, content=pieces(b'{"detail": "no"}'))

    app = Edge(Callers(config.home, found.watch, Voms(config.voms, config.authorities)), httpx.MockTransport(answer), records)
    with Serving(server_of(config, found.watch, app), app.close):
        yield found


def requests() -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and what else a request has, with the file in it."""
    text = PLANTED.pem().decode()
    for spelling in (text.replace("\n", ""), text.strip().replace("\n", " "), quote(text)):
        yield from (("/v1/x", {"headers": {header: spelling, "Origin": "wlcg"}}) for header in HEADERS)
        yield "/v1/x", {"headers": {"Origin": spelling}}
    yield f"/v1/x?proxy={quote(text)}", {}
    yield f"/{quote(text, safe='')}", {}
    yield "/auth/x509/token", {"method": "POST", "content": text}


def shown(edge: Running) -> list[httpx.Response]:
    """What the edge answered: to a proxy that is taken, and to none once its person was revoked."""
    answers = [edge.get(PLANTED, path, **more) for path, more in requests()]
    trust(edge.config.authorities, CA, [PERSON.certificate.serial_number])
    edge.watch.look()
    for path, more in requests():
        with pytest.raises((httpx.TransportError, ssl.SSLError)):
            edge.get(PLANTED, path, **more)
    return answers


def files_of(edge: Running) -> set[str]:
    """What stands in the files of the edge; the client's own file is not one of them."""
    paths = (path for path in edge.config.home.rglob("*") if path.is_file() and path.name != "client.pem")
    return {path.read_bytes().decode("latin-1") for path in paths}


def test_of_a_planted_proxy_nothing_stands_in_answers_headers_handed_on_logs_records_or_files(
    edge: Running, records: EdgeRecords, capfd: pytest.CaptureFixture[str]
) -> None:
    words, before = words_of(PLANTED), files_of(edge)
    with capture_logs() as lines:
        answered = shown(edge)
    answers = [answer.text + orjson.dumps(dict(answer.headers)).decode() for answer in answered]
    printed = "".join(capfd.readouterr())

    taken = records.refusals.take(LATER)
    headers = [value for request in edge.asked for name, value in request.headers.items() if name != "origin"]
    places = {
        "answers": answers, "log": [repr(line) for line in lines], "output": [printed], "records": [repr(one) for one in taken],
        "headers handed on": headers, "files": files_of(edge) - before,
    }  # fmt: skip

    assert len(words) > 30
    assert len(answers) > 20
    assert len(edge.asked) > 10
    assert "certificate_refused" in {line["event"] for line in lines}
    assert taken
    found = {(place, word) for place, texts in places.items() for text in texts for word in words if word in text}
    assert found == set()
