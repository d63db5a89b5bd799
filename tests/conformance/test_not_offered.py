"""What Culm does not offer yet: panda-client 2.2.0 must tell its user so in a sentence, never with a traceback."""

import pytest

from tests.conformance.client import Client

pytestmark = pytest.mark.stack

NO_WORKFLOWS = "workflows are not offered by this server yet"
CWL = """cwlVersion: v1.0
class: Workflow
inputs: []
outputs:
  outDS:
    type: string
    outputSource: top/outDS
steps:
  top:
    run: prun
    in:
      opt_exec:
        default: "echo hi"
    out: [outDS]
"""


@pytest.mark.parametrize(("options", "step"), [(("--check",), "check"), ((), "submit")])
def test_pchain_says_that_there_are_no_workflows(client: Client, options: tuple[str, ...], step: str) -> None:  # rows 38, 39
    (client.folder / "main.cwl").write_text(CWL, encoding="utf-8")
    (client.folder / "dummy.yaml").touch()

    said = client.run("pchain", "--cwl", "main.cwl", "--yaml", "dummy.yaml", "--outDS", "user.jdoe.w1", "--vo", "wlcg", *options)

    assert f"ERROR : workflow {step} failed. {NO_WORKFLOWS}\n" in said.text


@pytest.mark.parametrize("command", ["show_workflow", "pause_workflow", "resume_workflow", "kill_workflow"])
def test_pbook_says_what_is_not_there_of_workflows(client: Client, command: str) -> None:  # row 40
    said = client.pbook(command, "899999999")

    assert "ERROR : request 899999999 is not found\n" in said.text
    assert "Traceback" not in said.text


def test_pchain_native_says_that_there_are_no_workflows(client: Client) -> None:  # rows 41, 42
    (client.folder / "wf.yaml").write_text("name: w\nsteps: {}\n", encoding="utf-8")

    submitted = client.run("pchain_native", "--wfd", "wf.yaml", "--outDS", "user.jdoe.w2", "--vo", "wlcg")
    shown = client.pbook("show_native_workflow", "1")

    assert f"(False, '{NO_WORKFLOWS}')" in submitted.text
    assert f"ERROR : {NO_WORKFLOWS}\n" in shown.text


def test_idds_answers_through_the_relay(client: Client) -> None:  # row 44
    said = client.python("from pandaclient import idds_api; print(idds_api.get_api(manager=True).ping())")

    assert said.text.splitlines()[-1] == "(0, [True, {'Status': 'OK'}])"


def test_phpo_is_accepted_and_told_why_it_is_broken(client: Client) -> None:  # row 43
    options = ("--evaluationContainer", "e", "--evaluationExec", "x", "--steeringContainer", "s", "--steeringExec", "y")

    said = client.run("phpo", "--outDS", "user.jdoe.h1", *options)

    assert f"INFO : succeeded. new jediTaskID={said.task_id}\n" in said.text
    assert "hyperparameter optimisation is not supported" in client.ended(said.task_id)["message"]


def test_a_login_is_not_offered_by_the_development_issuer(client: Client) -> None:  # row 45
    code = "import os; del os.environ['PANDA_AUTH_ID_TOKEN']; from pandaclient import PBookCore; PBookCore.PBookCore().init()"

    said = client.python(code)

    assert "the development issuer has no login; use `culm token`" in said.text
    assert "Traceback" not in said.text
