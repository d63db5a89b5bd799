"""A browser before an API in this process: it keeps cookies, and goes to the provider of a test and back."""

from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from fastapi import APIRouter

from api.log.audit_service import build_audit_service
from api.login import back_channel, documents, logout
from api.monitor import acting, login, session_routes
from api.monitor.showing import Monitor
from api.native import health, revocations
from api.services import Services
from tests.api.test_routes import Client
from tests.login.provider import CodeProvider

HERE = "http://culm"


def pages(services: Services) -> APIRouter:
    """Login and session, which are a part of the monitor; what is shown on its pages is another matter."""
    router = APIRouter(include_in_schema=False)
    audit_service = build_audit_service(services.read_models, services.config.kafka, services.codec)
    for part in (login, session_routes, acting):
        part.add_to(router, Monitor(services, audit_service))
    return router


#: What logins meet; to build all routes takes longer than to ask them.
ROUTES = (pages, *(part.build_router for part in (back_channel, documents, logout, health, revocations)))


class CookieBrowser:
    """Keeps the cookies that answers set."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> httpx.Response:
        """The answer to a GET."""
        return self._taken(self.client.get(path, headers=self._headers()))

    def post(self, path: str, origin: str = HERE, **form: str) -> httpx.Response:
        """The answer to a form."""
        return self._taken(self.client.post(path, data=form, headers=self._headers() | {"Origin": origin}))

    def begin(self, following: str = "/tasks/") -> dict[str, str]:
        """Begin a login: what the provider is asked."""
        answer = self.get(f"/login/at/wlcg?{urlencode({'next': following})}")
        assert answer.status_code == 303, answer.text
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def come_back(self, **query: str) -> httpx.Response:
        """Return from the provider."""
        return self.get(f"/login/callback?{urlencode(query)}")

    def log_in(self, provider: CodeProvider, **claims: Any) -> httpx.Response:
        """A whole login."""
        asked = self.begin()
        provider.replies.append((200, provider.tokens(asked["nonce"], **claims)))
        return self.come_back(state=asked["state"], code="the-code", iss=provider.issuer)

    def who(self) -> tuple[int, str]:
        """Status and text of the page that says who one is."""
        answer = self.get("/session")
        return answer.status_code, answer.text

    def _headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept": "text/html"}

    def _taken(self, answer: httpx.Response) -> httpx.Response:
        for line in answer.headers.get_list("set-cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            if value in ("", '""'):
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer


def believing(services: Services, provider: CodeProvider) -> Services:
    """`services` that believe `provider`, whose keys they know."""
    services.gate.verifier.trust([provider.row])
    services.gate.keys.refresh(provider.row)
    return services
