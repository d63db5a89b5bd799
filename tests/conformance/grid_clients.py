"""Clients with certificates before a running stack with an edge: a grid of its own, proxies, their environments."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
from cryptography.x509.oid import NameOID

from deploy.stack import Stack
from process.instances import BY_NAME
from tests.conformance.client import Client, a_client
from tests.edge.fake_voms import lsc, voms_proxy
from tests.edge.grid import SECOND_PROXY_KEY, Credential, authority, host, name_of, person, proxy, trust

VOMS_HOST = ((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, "voms.example.org"))


@dataclass(frozen=True)
class Grid:
    """An authority, its folder of trust, a host of VOMS; and the stack that believes them, with its edge."""

    stack: Stack
    folder: Path
    ca: Credential

    @property
    def address(self) -> str:
        """Of the edge, by the name in its certificate."""
        return f"https://localhost:{self.stack.config.ports.x509}"

    @property
    def authorities(self) -> Path:
        return self.folder / "certificates"

    def someone(self, name: str) -> Credential:
        """A person whose certificate says `name`."""
        return person(self.ca, name_of((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, name)))

    def voms_proxy(self, name: str, *options: str) -> Path:
        """The file of a proxy of `name` with an attribute certificate of wlcg, made by `voms-proxy-fake`."""
        file = self.folder / f"{name.replace(' ', '-')}.voms.pem"
        signer = person(self.ca, name_of(*VOMS_HOST), SECOND_PROXY_KEY)
        file.write_bytes(voms_proxy(self.folder, self.authorities, self.someone(name), signer, *options))
        file.chmod(0o600)
        return file

    def plain_proxy(self, name: str) -> Path:
        """The file of a proxy of `name` without an attribute certificate."""
        file = self.folder / f"{name.replace(' ', '-')}.pem"
        file.write_bytes(proxy(self.someone(name)).pem())
        file.chmod(0o600)
        return file

    def client(self, folder: Path, mode: str, certificate: Path, **variables: str) -> Client:
        """panda-client with `PANDA_AUTH=mode` and a certificate, and without a token."""
        made = a_client(self.stack, folder)
        server = f"{self.address}/server/panda"
        environment = {name: value for name, value in made.environment.items() if not name.startswith("PANDA_AUTH")}
        environment |= {"PANDA_AUTH": mode, "PANDA_URL": server, "PANDA_URL_SSL": server, "PANDACACHE_URL": server}
        environment |= {"X509_USER_PROXY": str(certificate), "X509_CERT_DIR": str(self.authorities), **variables}
        return replace(made, environment=environment)

    def ask(self, certificate: Path, verb: str, path: str, **request: object) -> httpx.Response:
        """The edge's answer to a request with `certificate`."""
        context = ssl.create_default_context(capath=str(self.authorities))
        context.load_cert_chain(certificate)
        with httpx.Client(verify=context, trust_env=False, timeout=30) as http:
            return http.request(verb, f"{self.address}{path}", **request)  # type: ignore[arg-type]  # as httpx takes them


@contextmanager
def grid_with_edge(stack: Stack, folder: Path) -> Iterator[Grid]:
    """`stack` with an edge, as `culm up --edge` adds it; after the block as `culm up --no-edge` leaves it."""
    ca = authority()
    (folder / "host.pem").write_bytes(host(ca).pem())
    certificates = trust(folder / "certificates", ca)
    lsc(folder / "vomsdir")
    count = BY_NAME["edge"].count_variable
    settings = {
        "CULM_X509_CERTIFICATE": str(folder / "host.pem"),
        "CULM_X509_CERT_DIR": str(certificates),
        "CULM_X509_VOMS_DIR": str(folder / "vomsdir"),
    }
    try:
        Stack(stack.config, {**stack.environ, **settings, count: "1"}).up()
        yield Grid(stack, folder, ca)
    finally:
        Stack.here({**stack.environ, "CULM_HOME": str(stack.config.home), count: "0"}).up()
