"""A real handshake for every kind of certificate, and what passes the edge."""

import json
import socket
import ssl
from datetime import timedelta

import httpx
import pytest
from joserfc import jwt

from api.edge.trust import TrustRefused
from api.edge.watching import TrustWatch
from identity.edge_tokens import edge_home
from identity.issuer import public_keys
from identity.x509.chains import ProxyPolicy
from tests.edge.conftest import Running
from tests.edge.grid import (
    AUTHORITY_DN,
    DAY,
    JANE_DN,
    KEYS,
    SECOND_PROXY_KEY,
    Credential,
    Making,
    authority,
    name_of,
    person,
    proxy,
    trust,
)
from tests.edge.test_chains import OTHER

CA = authority()
PERSON = person(CA)
NO_ACCESS = "the client certificate gives no access here"


def claims_of(running: Running, request: httpx.Request) -> dict[str, object]:
    token = request.headers["authorization"].removeprefix("Bearer ")
    return dict(jwt.decode(token, public_keys(edge_home(running.config.home)), algorithms=["RS256"]).claims)


@pytest.mark.parametrize(
    "credential",
    [PERSON, proxy(PERSON), proxy(proxy(PERSON), key=SECOND_PROXY_KEY), proxy(PERSON, path_length=0)],
    ids=["person", "proxy", "proxy of a proxy", "proxy of none"],
)
def test_a_person_and_their_proxies_are_handed_on_as_one_member(running: Running, credential: Credential) -> None:
    answer = running.get(credential, "/v1/x?a=%2F&b", headers={"Origin": "wlcg"})

    assert (answer.status_code, answer.json()) == (200, {"path": "/v1/x?a=%2F&b"})
    assert "set-cookie" not in answer.headers
    claims = claims_of(running, running.asked[0])
    assert (claims["iss"], claims["aud"], claims["amr"], claims["groups"]) == ("urn:culm:edge", "culm", ["x509"], ["wlcg"])
    assert claims["name"] == "Jane Doe"
    assert int(str(claims["exp"])) - int(str(claims["iat"])) <= 300
    assert JANE_DN not in json.dumps(claims)
    assert running.asked[0].headers["origin"] == "wlcg"


STRANGERS = authority(name_of(*[(part.oid, f"{part.value!s}x") for part in CA.certificate.subject]), KEYS[3])
ENDS_IN_HANDSHAKE = {
    "no certificate": None,
    "expired": person(CA, making=Making(life=-timedelta(hours=1), begins=-DAY)),
    "expired proxy": proxy(PERSON, making=Making(life=-timedelta(seconds=5))),
    "beyond path length": proxy(proxy(PERSON, path_length=0), key=SECOND_PROXY_KEY),
    "changed subject": proxy(PERSON, name=OTHER),
    "legacy": proxy(PERSON, legacy=True),
    "foreign authority": person(STRANGERS),
    "authority of the same name, another key": person(authority(key=KEYS[3])),
    "person signed by a person": person(PERSON, key=SECOND_PROXY_KEY),
}


@pytest.mark.parametrize("kind", ENDS_IN_HANDSHAKE)
def test_what_does_not_verify_ends_in_the_handshake(running: Running, kind: str) -> None:
    with pytest.raises((httpx.TransportError, ssl.SSLError)):
        running.get(ENDS_IN_HANDSHAKE[kind])

    assert running.asked == []


REFUSED_BY_RULE = {
    "limited proxy": proxy(PERSON, ProxyPolicy.LIMITED),
    "outlives its person": proxy(PERSON, making=Making(life=11 * DAY)),
    "independent proxy": proxy(PERSON, ProxyPolicy.INDEPENDENT),
    "no row": person(CA, OTHER),
    "slash in the name": person(
        CA, name_of(*[(part.oid, str(part.value).replace("Jane", "x/CN=Jane")) for part in PERSON.certificate.subject])
    ),
}


@pytest.mark.parametrize("kind", REFUSED_BY_RULE)
def test_what_verifies_and_breaks_a_rule_is_refused_without_a_reason(running: Running, kind: str) -> None:
    answer = running.get(REFUSED_BY_RULE[kind])

    assert (answer.status_code, answer.json()["detail"]) == (403, NO_ACCESS)
    assert running.asked == []


def test_panda_clients_are_refused_in_their_form(running: Running) -> None:
    answer = running.get(person(CA, OTHER), "/server/panda/getJobStatus")

    assert (answer.status_code, answer.text) == (403, f"ERROR : Token authentication failed. {NO_ACCESS}")


HEADERS = [
    ("Authorization", "Bearer forged"),
    ("SSL_CLIENT_S_DN", "/CN=admin"),
    ("SSL-Client-S-DN", "/CN=admin"),
    ("GRST_CRED_AUTH_TOKEN_0", "VOMS /wlcg/Role=production"),
    ("Grst-Cred-Auth-Token-0", "VOMS /wlcg/Role=production"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X_FORWARDED_USER", "admin"),
    ("x-ssl-client-s-dn", "/CN=admin"),
    ("X-IDDS-Auth-Username-Original", "admin"),
    ("Forwarded", "for=127.0.0.1"),
    ("Cookie", "token=forged"),
    ("Proxy-Authorization", "Basic eDp5"),
    ("Remote-User", "admin"),
    ("AUTHORIZATION", "Bearer forged again"),
]


def test_no_header_by_which_a_client_says_who_it_is_passes_in_any_spelling(running: Running) -> None:
    running.get(PERSON, headers=[*HEADERS, ("Accept", "text/plain"), ("Origin", "wlcg")])

    request = running.asked[0]
    # The edge's own client adds `connection`.
    assert set(request.headers) == {"host", "accept", "accept-encoding", "user-agent", "authorization", "origin", "connection"}
    assert request.headers["accept"] == "text/plain"
    assert len(request.headers.get_list("authorization")) == 1
    assert claims_of(running, request)["groups"] == ["wlcg"]


def test_a_vo_is_selected_by_either_header_and_a_page_of_another_site_selects_nothing(running: Running) -> None:
    running.get(PERSON, headers={"X-IDDS-Auth-VO": "wlcg"})
    assert running.asked[0].headers["origin"] == "wlcg"

    for headers in (
        {"Origin": "https://evil.example.org"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Origin": "a b"},
    ):
        answer = running.get(PERSON, method="POST", headers=headers)
        assert answer.status_code == 403


def test_bodies_pass_whole_and_once(running: Running) -> None:
    content = bytes(range(256)) * 4096

    running.get(PERSON, method="POST", content=content)
    running.get(PERSON, method="POST", content=iter([b"a", b"", b"bc"]))

    assert [request.content for request in running.asked] == [content, b"abc"]


def test_the_command_line_is_given_the_same_token(running: Running) -> None:
    answer = running.get(proxy(PERSON), "/auth/x509/token", "POST")

    document = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert (document["dn"], document["groups"], document["token_type"]) == (JANE_DN, ["wlcg"], "Bearer")
    assert 0 < document["expires_in"] <= 300
    assert running.asked == []
    assert running.get(person(CA, OTHER), "/auth/x509/token", "POST").status_code == 403


def test_a_revoked_person_and_their_proxy_are_refused_without_a_restart(running: Running) -> None:
    made = proxy(PERSON)
    with running.client(made) as kept:
        assert kept.get("/v1/x").status_code == 200

        trust(running.config.authorities, CA, [PERSON.certificate.serial_number])
        running.watch.look()

        assert kept.get("/v1/x").status_code == 403
    for credential in (PERSON, made):
        with pytest.raises(httpx.TransportError):
            running.get(credential)
    trust(running.config.authorities, CA)
    running.watch.look()
    assert running.get(made).status_code == 200


def test_an_expired_revocation_list_refuses_everyone_of_its_authority_and_is_an_alarm(running: Running) -> None:
    trust(running.config.authorities, CA, life=-timedelta(hours=1))
    running.watch.look()

    with pytest.raises(httpx.TransportError):
        running.get(PERSON)
    refused = "the people it signed for are refused"
    assert running.watch.alarms == (f"authority {AUTHORITY_DN}: its revocation list has expired; {refused}",)
    next(running.config.authorities.glob("*.r0")).unlink()
    running.watch.look()
    assert running.watch.alarms == (f"authority {AUTHORITY_DN}: no revocation list; {refused}",)
    with pytest.raises(httpx.TransportError):
        running.get(PERSON)


def test_an_authority_that_may_not_sign_for_a_name_proves_no_one_of_it(running: Running) -> None:
    policy = f"access_id_CA X509 '{AUTHORITY_DN}'\npos_rights globus CA:sign\ncond_subjects globus '\"/DC=org/O=Other/*\"'\n"
    trust(running.config.authorities, CA, policy=policy)
    running.watch.look()

    assert running.get(PERSON).status_code == 403


def test_a_row_that_is_taken_away_gives_nothing_on_the_connection_that_used_it(running: Running) -> None:
    assert running.config.rows is not None
    with running.client(PERSON) as kept:
        assert kept.get("/v1/x").status_code == 200
        running.config.rows.write_text('{"persons": [] }')
        running.watch.look()

        assert kept.get("/v1/x").status_code == 403
        running.config.rows.write_text("not json")
        running.watch.look()
        assert kept.get("/v1/x").status_code == 403
        assert "CULM_X509_ROWS" in running.watch.alarms[0]


def test_one_kept_connection_gets_a_new_token_only_when_the_old_one_nears_its_end(running: Running) -> None:
    with running.client(PERSON) as kept:
        for _ in range(3):
            kept.get("/v1/x")

    assert len({request.headers["authorization"] for request in running.asked}) == 1


def test_a_second_handshake_is_verified_again_instead_of_resumed(running: Running) -> None:
    with running.client(PERSON) as client:
        client.get("/v1/x")
        context = client._transport._pool._ssl_context  # type: ignore[attr-defined]  # httpx keeps it there
    session = None
    for _ in range(2):
        plain = socket.create_connection(("localhost", running.config.port), timeout=10)
        with context.wrap_socket(plain, server_hostname="localhost", session=session) as wrapped:
            wrapped.sendall(b"GET /v1/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert wrapped.recv(1000).startswith(b"HTTP/1.1 200")
            assert not wrapped.session_reused
            session = wrapped.session if wrapped.session is not None and wrapped.session.has_ticket else None


@pytest.mark.parametrize(
    "smuggled",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b" Authorization: Bearer forged\r\n\r\n",
        b"Authorization : Bearer forged\r\n\r\n",
    ],
)
def test_a_request_that_two_servers_would_read_differently_reaches_no_second(running: Running, smuggled: bytes) -> None:
    file = running.config.home / "client.pem"
    file.write_bytes(PERSON.pem())
    context = ssl.create_default_context(cadata=running.authority_pem())
    context.load_cert_chain(file)
    plain = socket.create_connection(("localhost", running.config.port), timeout=10)
    with context.wrap_socket(plain, server_hostname="localhost") as wrapped:
        wrapped.sendall(b"POST /v1/x HTTP/1.1\r\nHost: localhost\r\n" + smuggled)
        answer = wrapped.recv(4000)

    assert answer.startswith(b"HTTP/1.1 400")
    assert running.asked == []


@pytest.mark.parametrize("problem", ["empty", "absent", "unreadable", "no policy", "garbage"])
def test_a_directory_without_an_authority_is_refused_at_the_start(running: Running, problem: str) -> None:
    folder = running.config.authorities
    match problem:
        case "empty":
            for path in folder.iterdir():
                path.unlink()
        case "absent":
            folder.rename(folder.with_name("moved"))
        case "unreadable":  # also to root: a link to itself
            folder.rename(folder.with_name("moved"))
            folder.symlink_to(folder)
        case "no policy":
            next(folder.glob("*.signing_policy")).unlink()
        case _:
            next(folder.glob("*.0")).write_text("garbage")

    with pytest.raises(TrustRefused, match="CULM_X509_CERT_DIR"):
        TrustWatch(running.config)
    before = running.watch.now
    running.watch.look()
    assert running.watch.now is before
    assert "CULM_X509_CERT_DIR" in running.watch.alarms[0]
