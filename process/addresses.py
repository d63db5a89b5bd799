"""The four addresses of an API: where it listens, and where clients, jobs and Culm's own processes reach it.

In: the environment. Out: `ApiAddresses`. `CULM_API` is the address that a client of any kind uses; where nothing else is said it
is all four. Behind a proxy, in a container or with worker nodes in another network they differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LOOPBACK, PORT = "127.0.0.1", "25080"
#: Hosts that mean every interface when one listens, and none when one calls.
EVERY_INTERFACE: Mapping[str, str] = {"0.0.0.0": LOOPBACK, "::": "::1"}
VARIABLES = ("CULM_API_BIND", "CULM_API_PUBLIC", "CULM_API_PAYLOAD", "CULM_API_HEALTH")


@dataclass(frozen=True, slots=True)
class ApiAddresses:
    """Base addresses are URLs without a slash at the end.

    host, port: where the API listens (CULM_API_BIND). public: what clients and pages see (CULM_API_PUBLIC). payload: from which
    jobs fetch wrappers and sandboxes (CULM_API_PAYLOAD). health: where Culm's own processes ask whether this API is well
    (CULM_API_HEALTH). is_behind_proxy: the public address was named apart from the one to listen on.
    """

    host: str
    port: int
    public: str
    payload: str
    health: str
    is_behind_proxy: bool = False

    @classmethod
    def at(cls, address: str) -> "ApiAddresses":
        """All four at one URL with a host and a port."""
        return cls.from_environ({"CULM_API": address})

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> "ApiAddresses":
        """The addresses that `environ` asks for; raises ValueError that names a variable, what was found and what was expected.

        CULM_API_BIND is HOST or HOST:PORT. By default: CULM_API for all, else 127.0.0.1 and the port CULM_PORT_API; jobs use
        the public address, and health is asked where the API listens.
        """
        api = _url(environ, "CULM_API")
        host, port = _bind(environ, api)
        named = _url(environ, "CULM_API_PUBLIC")
        is_apart = bool(environ.get("CULM_API_BIND")) or named not in ("", api)
        scheme = "https" if is_apart and environ.get("CULM_TLS_CERTIFICATE") else "http"
        shown_host = EVERY_INTERFACE.get(host, host)
        direct = f"{scheme}://[{shown_host}]:{port}" if ":" in shown_host else f"{scheme}://{shown_host}:{port}"
        public = named or api or direct
        return cls(
            host=host,
            port=port,
            public=public,
            payload=_url(environ, "CULM_API_PAYLOAD") or public,
            health=_url(environ, "CULM_API_HEALTH") or (direct if is_apart else public),
            is_behind_proxy=is_apart,
        )

    @property
    def own(self) -> frozenset[str]:
        """Every address by which this API is known."""
        return frozenset({self.public, self.payload, self.health})

    def environment(self) -> dict[str, str]:
        """Variables that give a process these addresses."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return {
            "CULM_API": self.public,
            "CULM_API_BIND": f"{host}:{self.port}",
            "CULM_API_PUBLIC": self.public,
            "CULM_API_PAYLOAD": self.payload,
            "CULM_API_HEALTH": self.health,
        }


def _bind(environ: Mapping[str, str], api: str) -> tuple[str, int]:
    """Host and port to listen on."""
    text = environ.get("CULM_API_BIND", "")
    if not text and api:
        parts = urlsplit(api)
        if parts.port is None:
            raise ValueError(f"CULM_API must name a host and a port, or CULM_API_BIND be set; found {api!r}")
        return parts.hostname or LOOPBACK, parts.port
    port = environ.get("CULM_PORT_API") or PORT
    try:
        parts = urlsplit(f"//{text or LOOPBACK}")
        found = parts.port if parts.port is not None else int(port)
    except ValueError as problem:
        raise ValueError(f"CULM_API_BIND must be HOST or HOST:PORT, found {text!r} (CULM_PORT_API {port!r})") from problem
    if not parts.hostname or parts.path or not 0 < found < 65536:
        raise ValueError(f"CULM_API_BIND must be HOST or HOST:PORT, found {text!r}")
    return parts.hostname, found


def _url(environ: Mapping[str, str], variable: str) -> str:
    """The base address in a variable, "" without one."""
    text = (environ.get(variable) or "").strip().rstrip("/")
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        more = parts.query or parts.fragment or parts.username
        fits, port = parts.scheme in ("http", "https") and bool(parts.hostname) and not more, parts.port
    except ValueError:
        fits, port = False, None
    if not fits or port == 0:
        raise ValueError(f"{variable} must be a URL of a host, http://HOST:PORT or https://HOST, found {text!r}")
    return text
