"""People log in at a real identity provider, with the unmodified panda-client and with programs; Culm believes what it issues."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cli.client_environment import client_environment
from deploy.stack import Stack
from tests.conformance.client import GROUPS, Client
from tests.keycloak.browser import log_in
from tests.keycloak.conftest import Administrator
from tests.keycloak.login import begin, poll, provider_tokens, robot_token, tokens_of
from tests.keycloak.realms import USER_PASSWORD, Realm
from tests.monitor.manual_actors import ManualActors, until

#: The first test fetches and starts the provider, which takes minutes on a busy machine.
pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]
LOGIN_SECONDS_MAX = 120.0


def whoami(stack: Stack, token: str, origin: str = "wlcg") -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Origin": origin}
    return httpx.get(f"{stack.config.api}/v1/whoami", headers=headers, timeout=30)


def a_fresh_client(stack: Stack, folder: Path) -> Client:
    """panda-client in a new home, without any token."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("PANDA", "CULM_"))}
    environ |= client_environment(stack.config, "fresh", "Fresh", GROUPS, os.environ)
    del environ["PANDA_AUTH_ID_TOKEN"]
    home = folder / "home"
    home.mkdir()
    (folder / "small.txt").write_text("small\n", encoding="utf-8")
    return Client(stack, folder, environ | {"HOME": str(home), "PANDA_CONFIG_ROOT": str(home / ".pathena")})


def said_with_login(client: Client, user: str, *command: str) -> str:
    """What `command` prints while `user` completes the login that it asks for."""
    with subprocess.Popen(
        command, cwd=client.folder, env=client.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        end = time.monotonic() + LOGIN_SECONDS_MAX
        while "and sign in" not in said and time.monotonic() < end:
            line = process.stdout.readline()
            assert line, said
            said += line
        (address,) = [word for word in said.split() if "/device?user_code=" in word]
        log_in(address, user, USER_PASSWORD)
        rest, _ = process.communicate("y\n", timeout=LOGIN_SECONDS_MAX)
        return said + rest


@pytest.fixture(scope="module")
def logged_in(believed: Administrator, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> tuple[Client, str]:
    """panda-client after its first prun, and what that printed."""
    client = a_fresh_client(stack, tmp_path_factory.mktemp("jane"))
    name = "user.jane.keycloak.first"
    command = ("prun", "--exec", "echo hello", "--outDS", name, "--noBuild", "--vo", "wlcg")
    return client, said_with_login(client, "jane", *command)


def stored(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(client.environment["PANDA_CONFIG_ROOT"]) / ".token").read_text())
    return found


def test_prun_logs_in_and_submits(logged_in: tuple[Client, str], stack: Stack) -> None:  # rows 45, 46
    client, said = logged_in

    assert "succeeded. new jediTaskID=" in said, said
    me = whoami(stack, stored(client)["id_token"]).json()
    assert (me["user_name"], me["nickname"], me["roles"]) == ("Jane Doe", "jane", ["production"])


def test_a_second_command_asks_nothing(logged_in: tuple[Client, str]) -> None:
    client, _ = logged_in

    said = client.pbook("-c", "show()")

    assert "sign in" not in said.text
    assert "Jane Doe" in said.text


def test_a_token_that_ends_soon_is_refreshed_without_a_question(logged_in: tuple[Client, str]) -> None:
    client, _ = logged_in
    before = stored(client)
    place = Path(client.environment["PANDA_CONFIG_ROOT"]) / ".token"
    # The client looks at exp alone; a token that is about to end stands in for ten minutes of waiting.
    ending = _with_exp(before["id_token"], int(time.time()) + 120)
    place.write_text(json.dumps({**before, "id_token": ending}))

    said = client.pbook("-c", "show()")

    after = stored(client)
    assert "sign in" not in said.text
    assert after["id_token"] not in (ending, before["id_token"])
    assert after["refresh_token"]


def _with_exp(token: str, exp: int) -> str:
    import base64

    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    changed = base64.urlsafe_b64encode(json.dumps({**claims, "exp": exp}).encode()).decode().rstrip("=")
    return f"{head}.{changed}.{signature}"


def test_polls_that_come_too_early_never_reach_the_provider(believed: Administrator, stack: Stack) -> None:
    base = f"{stack.config.api}/auth/wlcg"
    begun = begin(base)

    errors = {poll(base, begun["device_code"]).json()["error"] for _ in range(5)}

    assert errors == {"authorization_pending"}
    assert begun["interval"] >= 1
    assert begun["verification_uri_complete"].startswith("http")


def test_a_device_code_works_once(believed: Administrator, stack: Stack) -> None:
    base = f"{stack.config.api}/auth/wlcg"
    begun = begin(base)
    log_in(begun["verification_uri_complete"], "carl", USER_PASSWORD)
    end = time.monotonic() + 60
    while (first := poll(base, begun["device_code"])).status_code != 200:
        assert time.monotonic() < end, first.text
        time.sleep(1.0)

    again = poll(base, begun["device_code"])

    assert (again.status_code, again.json()["error"]) == (400, "expired_token")


@pytest.mark.parametrize("code", ["", "x", "x" * 5000, "../../etc/passwd", "é"])
def test_a_device_code_that_was_not_issued_is_refused(believed: Administrator, stack: Stack, code: str) -> None:
    answer = poll(f"{stack.config.api}/auth/wlcg", code)

    assert (answer.status_code, answer.json()["error"]) == (400, "expired_token")


def test_a_refresh_with_the_text_none_as_secret_is_answered_with_both_tokens(believed: Administrator, stack: Stack) -> None:
    base = f"{stack.config.api}/auth/wlcg"
    tokens = tokens_of(base, "carl")
    form = {
        "client_id": "panda", "client_secret": "None", "grant_type": "refresh_token", "refresh_token": tokens["refresh_token"],
    }  # fmt: skip

    answer = httpx.post(f"{base}/token", data=form, timeout=60)

    assert answer.status_code == 200
    assert {"id_token", "refresh_token"} <= answer.json().keys()
    assert answer.headers["cache-control"] == "no-store"


def test_a_subject_of_another_issuer_is_another_person(believed: Administrator, stack: Stack, sky: Realm, lab: Realm) -> None:
    here = whoami(stack, provider_tokens(lab, "jane")["id_token"], "wlcg").json()
    there = provider_tokens(sky, "jane")

    other = whoami(stack, there["access_token"]).json()

    assert other["user_name"] == here["user_name"] == "Jane Doe"
    assert other["subject"] != here["subject"]


def test_a_key_that_the_provider_begins_to_use_is_believed_at_once(believed: Administrator, stack: Stack, lab: Realm) -> None:
    before = provider_tokens(lab, "carl")["id_token"]
    lab.rotate_keys()

    after = provider_tokens(lab, "carl")["id_token"]

    assert before.split(".")[0] != after.split(".")[0]
    assert [whoami(stack, token).status_code for token in (after, before)] == [200, 200]


def test_a_service_without_a_name_or_group_is_no_member(believed: Administrator, stack: Stack, lab: Realm) -> None:
    answer = whoami(stack, robot_token(lab))

    assert answer.status_code == 403
    assert "Not a member of the wlcg group" in answer.text


def test_a_service_in_the_group_of_the_organisation_submits(believed: Administrator, stack: Stack, lab: Realm) -> None:
    lab.make_service("beamline", "wlcg")
    token = robot_token(lab, "beamline")
    me = whoami(stack, token).json()

    headers = {"Authorization": f"Bearer {token}", "Origin": "wlcg"}
    with httpx.Client(base_url=stack.config.api, headers=headers, timeout=70) as robot:
        task = ManualActors(robot, robot, robot).submit(name=f"user.{me['nickname']}.{uuid4()}")
        until(lambda: robot.get(f"/v1/tasks/{task}").status_code == 200)
        shown = robot.get(f"/v1/tasks/{task}").json()

    assert (me["role"], me["roles"]) == ("user", [])
    assert me["nickname"] == "service-account-beamline"
    assert (shown["owner"], shown["nickname"]) == (me["subject"], me["nickname"])


def test_a_token_of_the_audience_of_another_service_is_refused(believed: Administrator, stack: Stack, keycloak: Any) -> None:
    from tests.keycloak.server import ADMIN, PASSWORD

    form = {"grant_type": "password", "client_id": "admin-cli", "username": ADMIN, "password": PASSWORD}
    token = httpx.post(f"{keycloak.address}/realms/master/protocol/openid-connect/token", data=form, timeout=60).json()

    assert whoami(stack, token["access_token"]).status_code == 403


def test_the_issuers_are_shown_with_the_age_of_their_keys(believed: Administrator, lab: Realm, sky: Realm) -> None:
    said = believed.culm("issuer", "show")

    assert f"{lab.issuer}  wlcg  for wlcg" in said
    assert f"{sky.issuer}  keycloak  for wlcg" in said
    assert "keys, 0.0 h old" in said


def test_an_issuer_that_is_removed_is_refused_within_five_seconds(believed: Administrator, stack: Stack, sky: Realm) -> None:
    token = provider_tokens(sky, "carl")["access_token"]
    assert whoami(stack, token).status_code == 200

    believed.culm("issuer", "remove", sky.issuer)
    removed = time.monotonic()
    while whoami(stack, token).status_code == 200:
        assert time.monotonic() - removed < 5.0

    assert whoami(stack, token).status_code == 403
    common = ("--vo", "wlcg", "--audience", "https://culm.example.org")
    believed.culm("issuer", "add", sky.issuer, *common, "--profile", "keycloak")
