"""A real identity provider beside the stack, believed for the VO of the tests while they run."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from deploy.stack import Stack
from identity.issuer import make_token
from identity.own_issuers import OWN_ISSUER
from tests.held_ports import held_ports
from tests.keycloak.realms import AUDIENCE, CLIENT, Realm, make_realm
from tests.keycloak.server import Keycloak, start_keycloak
from tests.starting import starts_processes

USERS = {"jane": ("Jane Doe", ("production",)), "carl": ("Carl Ess", ())}


@dataclass(frozen=True, slots=True)
class Administrator:
    """Who works on the host of the stack."""

    stack: Stack

    def culm(self, *words: str) -> str:
        """What `culm` prints for `words`; fails when it fails."""
        done = CliRunner().invoke(app, [*words], env=self.environment())
        assert done.exit_code == 0, f"{done.output}\n{done.exception}"
        return done.output

    def environment(self) -> dict[str, str]:
        """Variables that name the API and a token of the host."""
        config = self.stack.config
        groups = ["wlcg", "wlcg/operator", "wlcg/administrator"]
        token = make_token(config.home, user="host", name="Host", groups=groups, audience_hours=1, issuer=OWN_ISSUER)
        return {"CULM_API": config.api, "CULM_TOKEN": token, "CULM_VO": "wlcg", "CULM_HOME": str(config.home)}


@pytest.fixture(scope="session")
@starts_processes
def keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """The server, without realms of ours."""
    with held_ports(1) as (port,):
        server = start_keycloak(Path(tmp_path_factory.mktemp("keycloak")), port)
        yield server
        server.stop()


@pytest.fixture(scope="session")
def lab(keycloak: Keycloak) -> Realm:
    """A laboratory that signs RS256 and names groups in WLCG's form."""
    return make_realm(keycloak, "lab", "wlcg", USERS, algorithm="RS256", wlcg=True)


@pytest.fixture(scope="session")
def sky(keycloak: Keycloak) -> Realm:
    """A laboratory that signs ES256 and names groups as Keycloak does; it has a Jane Doe, too."""
    return make_realm(keycloak, "sky", "wlcg", USERS, algorithm="ES256", wlcg=False)


@pytest.fixture(scope="session")
def administrator(stack: Stack) -> Administrator:
    """Who works on the host."""
    return Administrator(stack)


@pytest.fixture(scope="session")
def believed(administrator: Administrator, lab: Realm, sky: Realm) -> Iterator[Administrator]:
    """Both laboratories are believed, beside the development issuer that other tests use."""
    common = ("--vo", "wlcg", "--audience", AUDIENCE, "--keep-development")
    administrator.culm("issuer", "add", lab.issuer, *common, "--profile", "wlcg", "--client-id", CLIENT)
    administrator.culm("issuer", "add", sky.issuer, *common, "--profile", "keycloak")
    yield administrator
    administrator.culm("issuer", "remove", sky.issuer)
    administrator.culm("issuer", "remove", lab.issuer)
