"""Jobs in containers: what the pilot starts, with a stand-in that takes podman's command line."""

import sys
from pathlib import Path
from typing import Any

import pytest

from agents.pilot.command import payload_line
from agents.pilot.job import BadJob, parse_job
from tests.agents import standin_podman
from tests.agents.builders import a_job, stored
from tests.agents.conftest import StartAgent
from tests.agents.culm_stand_in import CulmStandIn

WRAPPER = "http://h/trf/user/runGen"
STEPS: dict[str, Any] = {
    "preprocess": {"command": WRAPPER, "args": "--preprocess -p 'x'"},
    "postprocess": {"command": WRAPPER, "args": "--postprocess -p 'x'"},
    "containerOptions": {"containerExec": "/bin/sh __run_main_exec.sh", "containerImage": "docker://busybox"},
}


@pytest.fixture
def podman(tmp_path: Path) -> Path:
    """A folder for the path of a pilot, with a podman in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "podman"
    text = Path(standin_podman.__file__).read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    program.chmod(0o755)
    return folder


def an_object(**changes: Any) -> dict[str, Any]:
    """A job that its pilot reads."""
    return {"PandaID": 3, "transformation": WRAPPER, "jobPars": "-p 'x'", **changes}


def the_line(*, is_root: bool = True, **changes: Any) -> str:
    return payload_line(parse_job(an_object(**changes)), "/usr/bin/podman", Path("/w/PanDA_Pilot-3"), is_root=is_root)


def test_a_job_without_a_container_is_its_wrapper_with_its_parameters() -> None:
    assert the_line() == "./runGen -p 'x'"


def test_steps_stand_around_the_container() -> None:
    assert the_line(container_name="docker://busybox", **STEPS) == (
        "./runGen --preprocess -p 'x' &&\n"
        "/usr/bin/podman run --rm --volume /w/PanDA_Pilot-3:/w/PanDA_Pilot-3 --workdir /w/PanDA_Pilot-3"
        " --env PANDAID --env PanDA_TaskID --env ATHENA_PROC_NUMBER --env LANG --env TZ docker://busybox"
        " /bin/sh -c '/bin/sh __run_main_exec.sh' &&\n"
        "./runGen --postprocess -p 'x'"
    )


def test_without_steps_the_wrapper_itself_runs_in_the_container() -> None:
    line = the_line(container_name="i", is_root=False)

    assert line.endswith(""" --workdir /w/PanDA_Pilot-3 --userns=keep-id --env PANDAID --env PanDA_TaskID"""
                         """ --env ATHENA_PROC_NUMBER --env LANG --env TZ i /bin/sh -c './runGen -p '"'"'x'"'"''""")  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"container_name": "--privileged"}, "container_name: found '--privileged', expected the name of an image"),
        ({"container_name": "a b"}, "container_name: found 'a b'"),
        ({"container_name": "i", "containerOptions": "x"}, "containerOptions: found 'x', expected an object"),
        ({"container_name": "i", "preprocess": {"command": "rm", "args": "x"}}, "preprocess: found "),
        ({"preprocess": STEPS["preprocess"]}, "container_name: found none, expected the image for the steps"),
    ],
)
def test_what_is_no_container_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(BadJob) as refusal:
        parse_job(an_object(**changes))

    assert str(refusal.value).startswith(said)


def test_a_job_runs_in_a_container_between_its_steps(culm: CulmStandIn, start_agent: StartAgent, podman: Path) -> None:
    wrapper = f"{culm.address}/trf/user/runGen"
    inside = 'echo $container $IMAGE $PANDAID ${HOME:-no home} > made.txt'
    culm.jobs.append(
        a_job(
            culm, "", container_name="docker://busybox",
            preprocess={"command": wrapper, "args": f"-p 'echo \"{inside.replace('$', chr(92) + '$')}\" > __run_main_exec.sh'"},
            postprocess={"command": wrapper, "args": "-p 'mv made.txt out.txt'"},
            containerOptions={"containerExec": "/bin/sh __run_main_exec.sh", "containerImage": "docker://busybox"},
        )
    )  # fmt: skip

    pilot = start_agent(PATH=f"{podman}:/usr/bin:/bin")

    assert pilot.ended() == 0
    assert culm.states(1001) == ["starting", "running", "finished"]
    assert stored(culm, "out.txt").read_text() == "podman docker://busybox 1001 no home\n"


def test_a_container_that_fails_fails_the_job_with_its_exit_code(
    culm: CulmStandIn, start_agent: StartAgent, podman: Path
) -> None:
    culm.jobs.append(a_job(culm, "exit 7", container_name="busybox"))

    start_agent(PATH=f"{podman}:/usr/bin:/bin").ended()

    final = culm.final(1001)
    assert final is not None
    assert (final["pilotErrorCode"], final["transExitCode"]) == (1305, 7)


def test_a_pilot_without_a_runtime_says_so(culm: CulmStandIn, start_agent: StartAgent, tmp_path: Path) -> None:
    culm.jobs.append(a_job(culm, "echo x > out.txt", container_name="image:1"))

    start_agent(CULM_PILOT_CONTAINERS="no-such-runtime").ended()

    final = culm.final(1001)
    assert final is not None
    assert final["pilotErrorCode"] == 1384
    assert "container_name: no no-such-runtime is on the path of this pilot to run image:1" in final["pilotErrorDiag"]
