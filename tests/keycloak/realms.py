"""Realms as laboratories have them: two issuers, one that signs RS256 with groups in WLCG's form, one that signs ES256."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.keycloak.server import Keycloak

CLIENT, AUDIENCE = "panda", "https://culm.example.org"
ROBOT, ROBOT_SECRET = "robot", "robot-secret-for-tests"
USER_PASSWORD = "user-password-for-tests"
ACCESS_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Realm:
    """A realm of ours."""

    server: Keycloak
    name: str

    @property
    def issuer(self) -> str:
        """Its name as an issuer."""
        return f"{self.server.address}/realms/{self.name}"

    def change(self, **settings: Any) -> None:
        """Change settings of the realm."""
        with self.server.administrator() as admin:
            admin.put(f"/{self.name}", json=settings).raise_for_status()

    def change_user(self, user: str, **settings: Any) -> None:
        """Change settings of a user."""
        with self.server.administrator() as admin:
            (found,) = admin.get(f"/{self.name}/users", params={"username": user, "exact": "true"}).json()
            admin.put(f"/{self.name}/users/{found['id']}", json={**found, **settings}).raise_for_status()

    def allow_browsers(self, api: str) -> None:
        """Let people log in to the monitor at `api`, which learns of their logouts."""
        with self.server.administrator() as admin:
            (client,) = admin.get(f"/{self.name}/clients", params={"clientId": CLIENT}).json()
            told = {"backchannel.logout.url": f"{api}/auth/back-channel-logout", "backchannel.logout.session.required": "true"}
            changed = {**client, "redirectUris": [f"{api}/login/callback"], "attributes": {**client["attributes"], **told}}
            admin.put(f"/{self.name}/clients/{client['id']}", json=changed).raise_for_status()

    def end_sessions(self, user: str) -> None:
        """Log a user out everywhere, as an administrator of the realm does."""
        with self.server.administrator() as admin:
            (found,) = admin.get(f"/{self.name}/users", params={"username": user, "exact": "true"}).json()
            admin.post(f"/{self.name}/users/{found['id']}/logout").raise_for_status()

    def make_service(self, client_id: str, group: str) -> None:
        """A service as ROBOT, with the same secret, whose account is in the top group `group`."""
        with self.server.administrator() as admin:
            (robot,) = admin.get(f"/{self.name}/clients", params={"clientId": ROBOT}).json()
            mappers = [{key: value for key, value in one.items() if key != "id"} for one in robot["protocolMappers"]]
            made = admin.post(f"/{self.name}/clients", json=_service(client_id, mappers))
            made.raise_for_status()
            place = made.headers["location"].rpartition("/")[2]
            account = admin.get(f"/{self.name}/clients/{place}/service-account-user").raise_for_status().json()["id"]
            (top,) = [one["id"] for one in admin.get(f"/{self.name}/groups").json() if one["name"] == group]
            admin.put(f"/{self.name}/users/{account}/groups/{top}").raise_for_status()

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; the old one is still published."""
        with self.server.administrator() as admin:
            realm = admin.get(f"/{self.name}").json()
            provider = {
                "name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
                "parentId": realm["id"], "config": {"priority": ["200"], "algorithm": ["RS256"], "keySize": ["2048"]},
            }  # fmt: skip
            admin.post(f"/{self.name}/components", json=provider).raise_for_status()


Users = dict[str, tuple[str, tuple[str, ...]]]


def make_realm(server: Keycloak, name: str, vo: str, users: Users, *, algorithm: str, wlcg: bool) -> Realm:
    """A realm with `users` (preferred_username -> name shown, groups below the VO) and the clients of Culm."""
    with server.administrator() as admin:
        settings = {
            "realm": name, "enabled": True, "defaultSignatureAlgorithm": algorithm, "accessTokenLifespan": ACCESS_SECONDS,
            "sslRequired": "none", "oauth2DevicePollingInterval": 5,
        }  # fmt: skip
        admin.post("", json=settings).raise_for_status()
        _make_clients(admin, name, wlcg=wlcg)
        groups = _make_groups(admin, name, vo, {group for _, names in users.values() for group in names})
        for user, (shown, names) in users.items():
            _make_user(admin, name, user, shown, [groups[""], *(groups[group] for group in names)])
    return Realm(server, name)


def _make_clients(admin: httpx.Client, realm: str, *, wlcg: bool) -> None:
    mappers = [_audience_mapper(), *(_wlcg_mappers() if wlcg else [_group_mapper("groups")])]
    device = {
        "clientId": CLIENT, "publicClient": True, "standardFlowEnabled": True, "redirectUris": ["http://127.0.0.1:*"],
        "attributes": {"oauth2.device.authorization.grant.enabled": "true"}, "protocolMappers": mappers,
    }  # fmt: skip
    for client in (device, _service(ROBOT, mappers)):
        admin.post(f"/{realm}/clients", json=client).raise_for_status()


def _service(client_id: str, mappers: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "clientId": client_id, "secret": ROBOT_SECRET, "serviceAccountsEnabled": True, "standardFlowEnabled": False,
        "protocolMappers": mappers,
    }  # fmt: skip


def _make_groups(admin: httpx.Client, realm: str, vo: str, names: set[str]) -> dict[str, str]:
    """Id by name below the VO; empty for the VO itself."""
    admin.post(f"/{realm}/groups", json={"name": vo}).raise_for_status()
    (top,) = [group for group in admin.get(f"/{realm}/groups").json() if group["name"] == vo]
    found = {"": str(top["id"])}
    for name in sorted(names):
        answer = admin.post(f"/{realm}/groups/{top['id']}/children", json={"name": name})
        answer.raise_for_status()
        found[name] = str(answer.json()["id"])
    return found


def _make_user(admin: httpx.Client, realm: str, user: str, shown: str, groups: list[str]) -> None:
    first, _, last = shown.partition(" ")
    answer = admin.post(
        f"/{realm}/users",
        json={
            "username": user, "enabled": True, "firstName": first, "lastName": last, "email": f"{user}@example.org",
            "emailVerified": True, "credentials": [{"type": "password", "value": USER_PASSWORD, "temporary": False}],
        },
    )  # fmt: skip
    answer.raise_for_status()
    place = answer.headers["location"].rpartition("/")[2]
    for group in groups:
        admin.put(f"/{realm}/users/{place}/groups/{group}").raise_for_status()


def _audience_mapper() -> dict[str, Any]:
    config = {"included.custom.audience": AUDIENCE, "access.token.claim": "true", "id.token.claim": "true"}
    return _mapper("audience", "oidc-audience-mapper", config)


def _group_mapper(claim: str) -> dict[str, Any]:
    return _mapper("groups", "oidc-group-membership-mapper", {"claim.name": claim, "full.path": "true", **_EVERYWHERE})


def _wlcg_mappers() -> list[dict[str, Any]]:
    version = {"claim.name": r"wlcg\.ver", "claim.value": "1.0", "jsonType.label": "String", **_EVERYWHERE}
    return [_group_mapper(r"wlcg\.groups"), _mapper("version", "oidc-hardcoded-claim-mapper", version)]


_EVERYWHERE = {"access.token.claim": "true", "id.token.claim": "true", "userinfo.token.claim": "true"}


def _mapper(name: str, kind: str, config: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "protocol": "openid-connect", "protocolMapper": kind, "config": config}
