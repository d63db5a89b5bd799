"""What the unmodified `prun` and `pbook` print for a user who was revoked: the client's form of an error, with the reason."""

from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from deploy.stack import Stack
from identity.issuer import make_token
from identity.own_issuers import OWN_ISSUER
from identity.revoked import REVOKED
from tests.conformance.client import Client, a_client
from tests.monitor.manual_actors import until

pytestmark = pytest.mark.stack
SAYS_WHY = f"ERROR : Token authentication failed. {REVOKED}\n"


def of_an_administrator(stack: Stack, *words: str) -> None:
    """Run `culm` with the rights of an administrator."""
    groups = ["wlcg", "wlcg/administrator"]
    token = make_token(stack.config.home, user="root", name="Root", groups=groups, issuer=OWN_ISSUER)
    done = CliRunner().invoke(app, list(words), env={"CULM_API": stack.config.api, "CULM_TOKEN": token, "COLUMNS": "300"})
    assert done.exit_code == 0, f"{done.output}\n{done.exception}"


def status(client: Client) -> int:
    return client.ask("GET", "/v1/whoami").status_code


def test_a_revoked_user_reads_why_in_the_clients_own_form(stack: Stack, tmp_path: Path) -> None:  # row 47
    user = f"leaver{uuid4().hex[:8]}"
    leaver = a_client(stack, tmp_path, user=user, name="Lea Leaver")
    task = leaver.prun(f"user.{user}.before", "--site", "NOWHERE").task_id
    actor = leaver.get("/v1/whoami")["subject"]

    of_an_administrator(stack, "revoke", "user", actor, "--tasks", "keep")
    until(lambda: status(leaver) == 403)
    killed, shown = leaver.pbook("-c", f"kill({task})"), leaver.pbook("show", str(task))
    submitted = leaver.prun(f"user.{user}.after", "--site", "NOWHERE")

    assert [SAYS_WHY in said.text for said in (killed, shown, submitted)] == [True, True, True]
    assert ["Traceback" in said.text for said in (killed, shown, submitted)] == [False, False, False]
    assert f"ERROR : Failed to kill jediTaskID={task}" in killed.text
    assert "jediTaskID=" not in submitted.text
    assert (killed.code, shown.code, submitted.code) == (1, 0, 50)
