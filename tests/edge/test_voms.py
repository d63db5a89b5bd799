"""Attribute certificates of VOMS, made by its own tool and verified by its own library (Debian voms-clients, libvomsapi1v5)."""

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from api.edge.callers import Callers
from api.edge.facts import VOMS_ATTRIBUTES, facts_of
from api.edge.voms import SYSTEM_AUTHORITIES, Voms
from identity.x509.chains import person_of
from identity.x509.errors import CertificateRefused
from identity.x509.rights import Attributes, CertificateRows, member_of
from tests.edge.conftest import Running
from tests.edge.fake_voms import WithoutLibrary, lsc, voms_proxy
from tests.edge.grid import (
    KEYS,
    PROXY_KEY,
    SECOND_PROXY_KEY,
    SIGNING_POLICY,
    Credential,
    Making,
    authority,
    name_of,
    person,
    proxy,
    trust,
)
from tests.edge.test_chains import OTHER
from tests.edge.test_edge import NO_ACCESS, claims_of

CA = authority()
PERSON = person(CA)
HOST = person(CA, name_of((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, "voms.example.org")), SECOND_PROXY_KEY)
PRODUCTION = ("-fqan", "/wlcg/Role=production", "-fqan", "/wlcg", "-fqan", "/wlcg/sub")


#: As one of those that come with an operating system, and a host that it signed for.
WEB_DN = "/O=Web/CN=Web CA"
WEB = authority(name_of((NameOID.ORGANIZATION_NAME, "Web"), (NameOID.COMMON_NAME, "Web CA")), KEYS[1])
WEB_HOST = person(WEB, HOST.certificate.subject, SECOND_PROXY_KEY)


class Made:
    """Proxies of one folder."""

    def __init__(self, folder: Path, lsc_is_there: bool = False) -> None:
        self.folder = folder
        self.authorities = trust(folder / "certificates", CA)
        self.vomsdir = folder / "vomsdir"
        if not lsc_is_there:
            lsc(self.vomsdir)
        self.voms = Voms(self.vomsdir, self.authorities)

    def proxy(self, *more: str, vo: str = "wlcg", of: Credential = PERSON, by: Credential = HOST) -> Credential:
        pem = voms_proxy(self.folder, self.authorities, of, by, *more, vo=vo)
        key = load_pem_private_key(pem[pem.index(b"-----BEGIN RSA") :] if b"BEGIN RSA" in pem else pem, None)
        assert isinstance(key, RSAPrivateKey)
        return Credential(x509.load_pem_x509_certificates(pem)[0], key, of)

    def chain(self, made: Credential) -> tuple[bytes, ...]:
        return tuple(one.public_bytes(Encoding.DER) for one in made.chain)

    def refusal(self, made: Credential, voms: Voms | None = None) -> CertificateRefused:
        with pytest.raises(CertificateRefused) as refused:
            (voms or self.voms).attributes(self.chain(made))
        assert refused.value.rule == "voms"
        return refused.value


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A folder in which proxies are made."""
    return Made(tmp_path)


def test_groups_come_in_the_order_of_the_attribute_certificate(made: Made) -> None:
    good = made.proxy(*PRODUCTION)

    (found,) = made.voms.attributes(made.chain(good))

    assert (found.vo, [fqan.split("/Role=NULL")[0].split("/Capability")[0] for fqan in found.fqans]) == (
        "wlcg",
        ["/wlcg/Role=production", "/wlcg", "/wlcg/sub"],
    )
    assert 0 < found.ends - time.time() <= 13 * 3600
    someone = person_of(tuple(facts_of(der) for der in made.chain(good)), time.time())
    member = member_of(someone, (found,), CertificateRows(), 0.0)
    assert (member.groups, member.wanted) == (("wlcg", "wlcg/production", "wlcg/sub"), "wlcg:production")


def test_a_proxy_of_a_proxy_with_attributes_has_them_too(made: Made) -> None:
    below = proxy(made.proxy(*PRODUCTION), key=PROXY_KEY, making=Making(life=Making().life / 8))

    (found,) = made.voms.attributes(made.chain(below))

    assert found.vo == "wlcg"


def test_a_chain_without_attributes_never_reaches_the_library(made: Made) -> None:
    assert WithoutLibrary(made.vomsdir, made.authorities).attributes(made.chain(proxy(PERSON))) == ()


def test_where_the_library_is_absent_attributes_are_refused_and_it_says_so(made: Made) -> None:
    refused = made.refusal(made.proxy(*PRODUCTION), WithoutLibrary(made.vomsdir, made.authorities))

    assert "libvomsapi.so.1 is not installed" in refused.detail


def test_attributes_that_have_ended_are_refused(made: Made) -> None:
    made.refusal(made.proxy(*PRODUCTION, "-pastac", "5:00", "-vomslife", "1"))


def test_attributes_signed_by_a_host_that_the_list_does_not_name_are_refused(made: Made) -> None:
    made.refusal(made.proxy(*PRODUCTION, by=person(CA, OTHER, SECOND_PROXY_KEY)))


def test_attributes_of_a_vo_without_a_list_are_refused(made: Made) -> None:
    made.refusal(made.proxy("-fqan", "/cms", vo="cms"))


def test_attributes_of_another_person_put_into_ones_own_proxy_are_refused(made: Made) -> None:
    good = made.proxy(*PRODUCTION)
    stolen = good.certificate.extensions.get_extension_for_oid(VOMS_ATTRIBUTES)
    john = person(CA, OTHER)

    made.refusal(proxy(john, making=Making(extensions=((stolen.value, stolen.critical),))))


def test_attributes_that_are_nonsense_are_refused(made: Made) -> None:
    for content in (b"", b"\x30\x00", b"\x30\x82\xff\xff", b"A" * 10_000):
        odd = x509.UnrecognizedExtension(VOMS_ATTRIBUTES, content)

        made.refusal(proxy(PERSON, making=Making(extensions=((odd, False),))))


def test_a_proxy_with_attributes_acts_as_its_first_group_says(running: Running) -> None:
    lsc(running.config.voms)
    made = Made(running.config.home)

    answer = running.get(made.proxy(*PRODUCTION, of=person(CA, OTHER)))

    assert answer.status_code == 200
    assert running.asked[0].headers["origin"] == "wlcg:production"
    claims = claims_of(running, running.asked[0])
    assert claims["groups"] == ["wlcg", "wlcg/production", "wlcg/sub"]


def test_attributes_that_are_refused_leave_no_row_to_fall_back_on(running: Running) -> None:
    lsc(running.config.voms)
    made = Made(running.config.home)

    answer = running.get(made.proxy("-fqan", "/cms", vo="cms"))

    assert (answer.status_code, answer.json()["detail"]) == (403, NO_ACCESS)
    assert running.asked == []


def test_attributes_are_looked_at_again_after_a_minute_and_when_a_file_has_changed(running: Running) -> None:
    lsc(running.config.voms)
    made = Made(running.config.home)
    counted, now = Counted(running.config.voms, running.config.authorities), [time.time()]
    callers = Callers(running.config.home, running.watch, counted, lambda: now[0])
    chain = made.chain(made.proxy(*PRODUCTION))

    def looks(seconds: float) -> int:
        now[0] += seconds
        callers.judge(chain, running.watch.now)
        return counted.looks

    assert [looks(seconds) for seconds in (0, 0, 59, 1, 1)] == [1, 1, 1, 2, 2]
    lsc(running.config.voms, "another")
    assert looks(0) == 3
    trust(running.config.authorities, CA)
    running.watch.look()
    assert looks(0) == 4
    (running.config.voms / "wlcg" / "voms.example.org.lsc").unlink()
    with pytest.raises(CertificateRefused):
        looks(0)


def test_a_host_that_is_revoked_or_whose_authority_is_taken_away_signs_no_longer(running: Running) -> None:
    lsc(running.config.voms, authority_dn=WEB_DN)
    made = Made(running.config.home, lsc_is_there=True)
    certificates = running.config.authorities
    before = set(certificates.iterdir())
    trust(certificates, WEB, policy=SIGNING_POLICY.format(authority=WEB_DN))
    callers = Callers(running.config.home, running.watch, Voms(running.config.voms, certificates))
    chain = made.chain(made.proxy(*PRODUCTION, by=WEB_HOST))

    def is_believed() -> bool:
        running.watch.look()
        try:
            return callers.judge(chain, running.watch.now).member.groups == ("wlcg", "wlcg/production", "wlcg/sub")
        except CertificateRefused as refused:
            if refused.rule != "voms":
                raise
            return False

    assert is_believed()
    trust(certificates, WEB, serials=(WEB_HOST.certificate.serial_number,), policy=SIGNING_POLICY.format(authority=WEB_DN))
    assert not is_believed()
    trust(certificates, WEB, policy=SIGNING_POLICY.format(authority=WEB_DN))
    assert is_believed()
    for file in set(certificates.iterdir()) - before:
        file.unlink()
    assert not is_believed()


def test_authorities_of_the_operating_system_sign_for_no_host_of_voms(made: Made) -> None:
    bundle = made.folder / "bundle.pem"
    bundle.write_bytes(WEB.certificate.public_bytes(Encoding.PEM))
    os.putenv(SYSTEM_AUTHORITIES, str(bundle))  # as OpenSSL would find it on a host with this one
    lsc(made.vomsdir, authority_dn=WEB_DN)

    made.refusal(made.proxy(*PRODUCTION, by=WEB_HOST), Voms(made.vomsdir, made.authorities))


def test_a_client_that_goes_by_the_environment_still_does(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SYSTEM_AUTHORITIES, "/etc/own.pem")

    Voms(made.vomsdir, made.authorities)

    assert os.environ[SYSTEM_AUTHORITIES] == "/etc/own.pem"


class Counted(Voms):
    """Counts how often the library is asked."""

    looks = 0

    def attributes(self, chain: Sequence[bytes]) -> tuple[Attributes, ...]:
        self.looks += 1
        return super().attributes(chain)
