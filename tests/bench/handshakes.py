"""What a client certificate costs the edge: `python -m tests.bench.handshakes` (Debian's voms-clients and libvomsapi1v5).

A TLS handshake with a proxy that carries an attribute certificate of VOMS, the server's side alone, and the judgement of the
connection with the token that is made of it. The least of several rounds, in milliseconds of CPU for each connection. The look of
VOMS' library stands there twice: as the edge has it, and as it is where the library takes the authorities of the system, too.
"""

import os
import ssl
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.x509.oid import NameOID

from api.edge.callers import Callers
from api.edge.config import EdgeConfig
from api.edge.verified_chain import verified_chain
from api.edge.voms import SYSTEM_AUTHORITIES, Voms
from api.edge.watching import TrustWatch
from identity.edge_tokens import edge_home
from identity.issuer import signing_key
from tests.edge.fake_voms import lsc, voms_proxy
from tests.edge.grid import SECOND_PROXY_KEY, authority, host, name_of, person, trust

ROUNDS, CONNECTIONS = 5, 40
VOMS_HOST = name_of((NameOID.ORGANIZATION_NAME, "Grid"), (NameOID.COMMON_NAME, "voms.example.org"))


def measure() -> dict[str, float]:
    """Milliseconds of CPU for a connection: its handshake, VOMS' library where the proxy is new, the rest of its judgement."""
    with TemporaryDirectory() as folder:
        edge = _Edge(Path(folder))
        rounds = [edge.round() for _ in range(ROUNDS)]
    return {name: min(one[name] for one in rounds) for name in rounds[0]}


class _Edge:
    """An edge of its own in `home`, and a client with a proxy."""

    def __init__(self, home: Path) -> None:
        ca = authority()
        (home / "host.pem").write_bytes(host(ca).pem())
        certificates, vomsdir = trust(home / "certificates", ca), home / "vomsdir"
        lsc(vomsdir)
        edge_home(home).mkdir(parents=True, exist_ok=True)
        signing_key(edge_home(home))
        config = EdgeConfig(
            home=home, host="127.0.0.1", port=0, certificate=home / "host.pem", key=None, authorities=certificates, voms=vomsdir,
            rows=None, socket=home / "api.sock",
        )  # fmt: skip
        self._watch = TrustWatch(config)
        self._voms = Voms(vomsdir, certificates)
        self._callers = Callers(home, self._watch, self._voms)
        made = home / "client.pem"
        made.write_bytes(voms_proxy(home, certificates, person(ca), person(ca, VOMS_HOST, SECOND_PROXY_KEY), "-fqan", "/wlcg"))
        self._client = ssl.create_default_context(cafile=str(next(certificates.glob("*.0"))))
        self._client.load_cert_chain(made)

    def round(self) -> dict[str, float]:
        """Milliseconds for one of `CONNECTIONS`."""
        spent = {"handshake": 0.0, "library": 0.0, "judgement": 0.0, "library with the system's authorities": 0.0}
        for _ in range(CONNECTIONS):
            server, seconds = self._connected()
            chain = verified_chain(server)
            began = time.process_time()
            self._voms.attributes(chain)
            library = time.process_time() - began
            self._callers.judge(chain, self._watch.now)
            spent["library"] += library
            spent["judgement"] += time.process_time() - began - library
            spent["handshake"] += seconds
            spent["library with the system's authorities"] += self._look_as_before(chain)
        return {name: 1e3 * seconds / CONNECTIONS for name, seconds in spent.items()}

    def _look_as_before(self, chain: tuple[bytes, ...]) -> float:
        """CPU seconds of a look of the library that reads the authorities of the operating system."""
        os.unsetenv(SYSTEM_AUTHORITIES)
        began = time.process_time()
        self._voms.attributes(chain)
        spent = time.process_time() - began
        os.putenv(SYSTEM_AUTHORITIES, os.devnull)
        return spent

    def _connected(self) -> tuple[ssl.SSLObject, float]:
        """The server's side of a connection, and the CPU seconds of its handshake."""
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = self._client.wrap_bio(to_client, to_server, server_hostname="localhost")
        server = self._watch.context.wrap_bio(to_server, to_client, server_side=True)
        is_done, seconds = False, 0.0
        _step(client)
        while not is_done:
            began = time.process_time()
            is_done = _step(server)
            seconds += time.process_time() - began
            _step(client)
        return server, seconds


def _step(side: ssl.SSLObject) -> bool:
    """Go on with a handshake; True when this side has ended it."""
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


if __name__ == "__main__":
    for name, milliseconds in measure().items():
        print(f"{name}: {milliseconds:.2f} ms")
