"""Logins of people and services at a realm, as programs do them: the device flow, and client credentials."""

import time
from typing import Any

import httpx

from tests.keycloak.browser import log_in
from tests.keycloak.realms import AUDIENCE, CLIENT, ROBOT, ROBOT_SECRET, USER_PASSWORD, Realm

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid profile email offline_access"
PATIENCE_SECONDS = 60.0


def begin(base: str) -> dict[str, Any]:
    """The answer of the device endpoint below `base`, asked as panda-client asks."""
    form = {"client_id": CLIENT, "scope": SCOPE, "audience": AUDIENCE}
    answer = httpx.post(f"{base}/device", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def poll(base: str, code: str) -> httpx.Response:
    """The answer of the token endpoint below `base` to one poll."""
    form = {"client_id": CLIENT, "grant_type": DEVICE_GRANT, "device_code": code}
    return httpx.post(f"{base}/token", data=form, timeout=60)


def tokens_of(base: str, user: str) -> dict[str, Any]:
    """Log `user` in through Culm's endpoints below `base`: the stored tokens."""
    begun = begin(base)
    log_in(begun["verification_uri_complete"], user, USER_PASSWORD)
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        answer = poll(base, begun["device_code"])
        if answer.status_code == 200:
            found: dict[str, Any] = answer.json()
            return found
        assert answer.json()["error"] == "authorization_pending", answer.text
        time.sleep(1.0)
    raise TimeoutError("the login was not completed")


def provider_tokens(realm: Realm, user: str) -> dict[str, Any]:
    """Log `user` in at the provider itself."""
    endpoints = f"{realm.issuer}/protocol/openid-connect"
    begun = httpx.post(f"{endpoints}/auth/device", data={"client_id": CLIENT, "scope": SCOPE}, timeout=60).json()
    log_in(begun["verification_uri_complete"], user, USER_PASSWORD)
    time.sleep(begun["interval"])
    form = {"client_id": CLIENT, "grant_type": DEVICE_GRANT, "device_code": begun["device_code"]}
    answer = httpx.post(f"{endpoints}/token", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def robot_token(realm: Realm, client_id: str = ROBOT) -> str:
    """An access token of a service."""
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": ROBOT_SECRET}
    answer = httpx.post(f"{realm.issuer}/protocol/openid-connect/token", data=form, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])
