"""Every route is asked in every role that its class is closed to: refused, on record by its rule, and no command is sent.

A route that is added appears here by itself: the table of routes is the application's own.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import RouteContext, iter_route_contexts

from api.app import create_app
from api.http.problems import ANSWERED_BY_PAIRS
from identity.issuer import make_token
from identity.ruling import EndpointClass
from schemas.instants import MICROSECONDS
from tests.api.builders import GatewayStandIn
from tests.api.test_routes import Client, declared_classes, routes_of, services_at

LATER = 4_000_000_000 * MICROSECONDS
STRANGER = "stranger"
#: Groups of each role; the development issuer gives no one the role of an administrator.
GROUPS = {"user": (), "pilot": ("wlcg/pilot",), "operator": ("wlcg/operator",), "production": ("wlcg/production",)}
#: Class -> who is refused, as the table in tests/identity/test_ruling.py has it.
CLOSED_TO = {
    EndpointClass.MEMBER: {STRANGER},
    EndpointClass.USER: {STRANGER, "pilot"},
    EndpointClass.INTERNAL: {STRANGER, "pilot"},
    EndpointClass.PILOT: {STRANGER, "user", "operator", "production"},
    EndpointClass.REPORT: {STRANGER, "user", "operator", "production"},
    EndpointClass.OPERATOR: {STRANGER, "user", "pilot"},
    EndpointClass.ADMINISTRATOR: {STRANGER, "user", "pilot", "operator", "production"},
    EndpointClass.SYSTEM: {STRANGER, "user", "pilot", "operator", "production"},
}


class Asked:
    """An API that reaches nothing, what it sent on and what it put on record."""

    def __init__(self, home: Path) -> None:
        services = services_at(home)
        self.gateway = GatewayStandIn()
        gateway: Any = self.gateway
        self.gate = services.gate
        app = create_app(replace(services, gateway=gateway))
        self.routes = list(iter_route_contexts(routes_of(app)))
        self.client = Client(app)
        self.tokens = {
            role: make_token(home, user=role, name=f"{role} Person", groups=["wlcg", *groups], audience_hours=1)
            for role, groups in GROUPS.items()
        }

    def refused(self, method: str, path: str, role: str) -> tuple[bool, int, list[str]]:
        """Whether the answer is a refusal, its status, and the rules of what was put on record."""
        known = {} if role == STRANGER else {"Authorization": f"Bearer {self.tokens[role]}"}
        body: dict[str, Any] = {} if method == "GET" else {"json": {}}
        answer = self.client._ask(method, path, {"headers": {"Origin": "wlcg", **known}, **body})
        # PanDA's calls below /api/ answer 200 with an envelope; pages lead to where one logs in.
        told = answer.json().get("success") is False if path.startswith("/api/") and answer.status_code == 200 else False
        told = told or (path in ANSWERED_BY_PAIRS and answer.status_code == 200 and answer.json()[0] is False)
        is_refused = told or answer.status_code in (303, 401, 403)
        return is_refused, answer.status_code, [record.rule for record in self.gate.refusals.take_all(LATER)]


@pytest.fixture(scope="module")
def asked(api_home: Path) -> Asked:
    return Asked(api_home)


def closed(routes: list[RouteContext], role: str) -> Iterator[tuple[str, str]]:
    """Method and path of every route that is closed to `role`."""
    for route in routes:
        (kind,) = declared_classes(route)
        if role in CLOSED_TO.get(kind, set()):
            path = re.sub(r"{\w+(?::\w+)?}", "1", str(route.path))
            for method in sorted((route.methods or set()) - {"HEAD", "OPTIONS"}):
                yield method, path


@pytest.mark.parametrize("role", [STRANGER, *GROUPS])
def test_every_route_that_is_closed_to_a_role_refuses_it_on_record(asked: Asked, role: str) -> None:
    # A browser without a login is led to one, which is no refusal on record.
    rules = [["token"], []] if role == STRANGER else [["role"]]
    tried = list(closed(asked.routes, role))

    found = {f"{method} {path}": asked.refused(method, path, role) for method, path in tried}

    assert {name: told for name, told in found.items() if told[2] not in rules or not told[0]} == {}
    assert (asked.gateway.sent, asked.gateway.heartbeats) == ([], [])
    assert len(tried) > 10


def test_every_class_but_the_public_one_is_closed_to_someone() -> None:
    assert set(CLOSED_TO) == set(EndpointClass) - {EndpointClass.PUBLIC}
