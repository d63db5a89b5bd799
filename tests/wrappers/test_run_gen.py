"""`runGen`: a user's command in a sandbox, called as prun's job parameters call it."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.wrappers.worker_node import WorkerNode, members, packed, worker_node

RUN_GEN = "runGen-00-00-02"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[WorkerNode]:
    with worker_node(tmp_path) as node:
        yield node


def run_gen(node: WorkerNode, command: str, *options: str) -> tuple[int, str, str]:
    """Run `command` with `options`; exit code, standard output, standard error."""
    ended = node.run(RUN_GEN, "-j", "", "--sourceURL", node.url, *options, "-p", quote(command))
    return ended.code, ended.stdout, ended.stderr


def started(node: WorkerNode, command: str, sign: str) -> subprocess.Popen[bytes]:
    """A wrapper that runs `command`, once the file `sign` is there."""
    wrapper = subprocess.Popen(
        node.command(RUN_GEN, "-p", quote(command)), cwd=node.job, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while not (node.job / sign).exists():
        assert time.monotonic() < deadline, f"{sign} is not there"
        time.sleep(0.02)
    return wrapper


def has_ended(pid: str) -> bool:
    """Whether the process ended; one that waits to be buried by its parent has."""
    try:
        return Path("/proc", pid.strip(), "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_command_runs_in_the_sandbox_and_its_output_is_renamed(node: WorkerNode) -> None:
    node.upload("jobO.1.tar.gz", {"hello.sh": "#!/bin/sh\necho hello from $(cat who)\n", "who": "the sandbox"})
    outputs = "{'out.txt': 'user.x.1._000001.out.txt'}"

    code, _, _ = run_gen(node, "hello.sh > out.txt", "-r", ".", "-a", "jobO.1.tar.gz", "-o", outputs)

    assert code == 0
    assert (node.job / "user.x.1._000001.out.txt").read_text() == "hello from the sandbox\n"
    assert node.files() == ["user.x.1._000001.out.txt"]


def test_the_command_runs_in_the_run_directory_of_the_sandbox(node: WorkerNode) -> None:
    node.upload("s.tar.gz", {"deep/er/here": "", "top": ""})

    code, stdout, _ = run_gen(node, "ls", "-a", "s.tar.gz", "-r", "deep/er")

    assert code == 0
    assert "\nhere\n" in stdout
    assert "\ntop\n" not in stdout


def test_a_run_directory_outside_of_the_sandbox_is_refused(node: WorkerNode) -> None:
    code, _, stderr = run_gen(node, "ls", "-r", "../..")

    assert code == os.EX_USAGE
    assert "leads out of the sandbox" in stderr


def test_a_library_of_a_build_job_serves_as_sandbox(node: WorkerNode) -> None:
    node.put("x.lib.tgz", packed({"built": "yes\n"}))

    code, stdout, _ = run_gen(node, "cat built", "-l", "x.lib.tgz")

    assert code == 0
    assert "\nyes\n" in stdout


def test_inputs_lie_beside_the_command_and_are_named_by_in(node: WorkerNode) -> None:
    node.put("a.dat", "A")
    node.put("b.dat", "B")

    code, stdout, _ = run_gen(node, "echo %IN; cat a.dat b.dat", "-i", "['a.dat', 'b.dat']")

    assert code == 0
    assert "\na.dat,b.dat\nAB" in stdout


def test_streams_of_the_map_are_replaced_whole(node: WorkerNode) -> None:
    for name in ("a", "b", "c"):
        node.put(name, name)
    streams = "{'IN': ['a'], 'IN2': ['b'], 'CALIB': ['c']}"

    code, stdout, _ = run_gen(node, "echo %IN %IN2 %CALIB; ls", "-i", "['a']", "--inMap", streams)

    assert code == 0
    assert "\na b c\na\nb\nc\n" in stdout


def test_input_names_are_written_to_files_on_request(node: WorkerNode) -> None:
    node.put("a", "")
    node.put("b", "")

    code, stdout, _ = run_gen(node, "cat l.txt l.json", "-i", "['a', 'b']", "--writeInputToTxt", "IN:l.txt,IN:l.json")

    assert code == 0
    assert 'a\nb\n["a", "b"]' in stdout


def test_a_missing_input_stops_the_job_with_its_name(node: WorkerNode) -> None:
    code, stdout, _ = run_gen(node, "echo never", "-i", "['gone.dat']")

    assert code == os.EX_NOINPUT
    assert node.diagnosis() == (code, "input file gone.dat is not in the job's directory")
    assert "never" not in stdout


def test_given_addresses_are_passed_on_and_not_looked_for(node: WorkerNode) -> None:
    code, stdout, _ = run_gen(node, "echo %IN", "-i", "['root://far/away']", "--givenPFN")

    assert code == 0
    assert "\nroot://far/away\n" in stdout


def test_outputs_by_pattern_become_one_tar_file(node: WorkerNode) -> None:
    command = "echo 1 > a.txt; echo 2 > b.txt; touch c.dat"

    code, _, _ = run_gen(node, command, "-o", "{'*.txt': 'u.XYZ.txt.tgz'}")

    assert code == 0
    assert members(node.job / "u.XYZ.txt.tgz") == {"a.txt": "1\n", "b.txt": "2\n"}


def test_outputs_by_regular_expression_keep_their_names(node: WorkerNode) -> None:
    node.put("in7.hit", "")
    outputs = r"{'regex|^\\w+\\d\\.hit$': 'regex|^\\w+\\d\\.hit$'}"

    code, _, _ = run_gen(node, "touch a1.hit a2.hit b.hit", "-i", "['in7.hit']", "-o", outputs)

    assert code == 0
    assert node.files() == ["a1.hit", "a2.hit", "in7.hit"]


def test_a_missing_output_fails_a_job_whose_command_ended_well(node: WorkerNode) -> None:
    code, _, _ = run_gen(node, "true", "-o", "{'a': 'x.a', 'b': 'x.b'}", "--allowNoOutput=x.a")

    assert code == os.EX_CANTCREAT
    assert node.diagnosis() == (code, "the payload ended well but did not write b (for x.b)")


def test_an_output_that_may_be_missing_may_be_missing(node: WorkerNode) -> None:
    code, _, _ = run_gen(node, "touch b", "-o", "{'a': 'x.a', 'b': 'x.b'}", "--allowNoOutput=x.a")

    assert code == 0
    assert node.files() == ["x.b"]


def test_the_command_may_be_given_the_delivered_names(node: WorkerNode) -> None:
    outputs = "{'out.txt': 'user.x._1.out.dat'}"

    code, stdout, _ = run_gen(node, "echo 1 | tee out.txt; ls", "-o", outputs, "--execWithRealFileNames")

    assert code == 0
    assert "\nuser.x._1.out.dat\n" in stdout
    assert node.files() == ["user.x._1.out.dat"]


def test_metadata_of_the_payload_are_left_for_the_pilot(node: WorkerNode) -> None:
    code, _, _ = run_gen(node, "echo '{}' > userJobMetadata.json")

    assert code == 0
    assert node.files() == ["userJobMetadata.json"]


@pytest.mark.parametrize(("command", "code"), [("exit 7", 7), ("kill -9 $$", 137), ("no-such-command", 127)])
def test_the_exit_code_is_the_commands(node: WorkerNode, command: str, code: int) -> None:
    ended, _, _ = run_gen(node, command, "-o", "{'a': 'x.a'}")

    assert ended == code
    assert node.files() == []


def test_what_the_command_prints_passes_through(node: WorkerNode) -> None:
    _, stdout, stderr = run_gen(node, "echo to-out; echo to-err >&2")

    assert "\nto-out\n" in stdout
    assert "to-err\n" in stderr


@pytest.mark.stack  # a command that waits to be ended
def test_sigterm_ends_the_command_and_all_it_started(node: WorkerNode) -> None:
    wrapper = started(node, "sleep 300 & echo $! > ../pids; sh -c 'sleep 300; true' & touch ../ready; wait", "ready")

    wrapper.send_signal(signal.SIGTERM)
    _, stderr = wrapper.communicate(timeout=60)

    assert wrapper.returncode == 128 + signal.SIGTERM
    assert b"ended by SIGTERM" in stderr
    assert has_ended((node.job / "pids").read_text())


@pytest.mark.stack  # a command that waits to be ended
def test_what_the_command_starts_when_it_is_to_end_ends_as_well(node: WorkerNode) -> None:
    # Its shell leaves a process to itself on SIGTERM, so that no one who looked before knows of it.
    command = "trap 'setsid sleep 300 & echo $! > ../pids; exit 1' TERM; touch ../ready; while :; do sleep 0.05; done"
    wrapper = started(node, command, "ready")

    wrapper.send_signal(signal.SIGTERM)
    wrapper.communicate(timeout=60)

    assert wrapper.returncode == 128 + signal.SIGTERM
    assert has_ended((node.job / "pids").read_text())


def test_a_sandbox_that_is_not_in_the_cache_is_reported_at_once(node: WorkerNode) -> None:
    code, _, _ = run_gen(node, "true", "-a", "gone.tar.gz")

    assert code == os.EX_UNAVAILABLE
    assert node.diagnosis()[1].startswith(f"{node.url}/cache/gone.tar.gz cannot be fetched: 404")


def test_a_cache_that_is_away_for_a_moment_is_asked_again(node: WorkerNode) -> None:
    node.upload("s.tar.gz", {"here": "1\n"})
    node.failures.append(503)

    code, stdout, _ = run_gen(node, "cat here", "-a", "s.tar.gz")

    assert code == 0
    assert "trying again in 1 s" in stdout


def test_a_sandbox_that_is_no_tar_file_is_reported(node: WorkerNode) -> None:
    (node.cache / "s.tar.gz").write_text("no tar file")

    code, _, _ = run_gen(node, "true", "-a", "s.tar.gz")

    assert code == os.EX_DATAERR
    assert node.diagnosis()[1].startswith("s.tar.gz cannot be unpacked")


def test_a_sandbox_cannot_write_outside_of_the_work_directory(node: WorkerNode) -> None:
    node.upload("s.tar.gz", {"../../escaped": "x"})

    code, _, _ = run_gen(node, "true", "-a", "s.tar.gz")

    assert code == os.EX_DATAERR
    assert not (node.job.parent / "escaped").exists()


def test_unknown_options_are_named_and_stop_the_job(node: WorkerNode) -> None:
    code, _, stderr = run_gen(node, "true", "--quantum", "yes")

    assert code == os.EX_USAGE
    assert "--quantum yes" in stderr


def test_an_output_map_is_never_evaluated(node: WorkerNode) -> None:
    code, _, stderr = run_gen(node, "true", "-o", "__import__('os').mkdir('pwned')")

    assert code == os.EX_USAGE
    assert "is no Python literal" in stderr
    assert node.files() == ["payload_error_report.json"]


def test_athena_options_are_taken_and_said_to_be_ignored(node: WorkerNode) -> None:
    athena = ("--useAthenaPackages", "--useCMake", "--useRootCore", "--rootVer", "6.30", "--cmtConfig", "x86_64")

    code, stdout, _ = run_gen(node, "true", *athena)

    assert code == 0
    assert "--rootVer 6.30: Athena and ROOT set-ups are not made here" in stdout


def test_a_container_runs_the_command_between_preparation_and_delivery(node: WorkerNode) -> None:
    node.put("a", "input")
    options = ("-i", "['a']", "-o", "{'b': 'x.b'}")

    before, _, _ = run_gen(node, "cp %IN b", *options, "--preprocess")
    subprocess.run(["/bin/sh", "__run_main_exec.sh"], cwd=node.job, check=True)
    after, _, _ = run_gen(node, "cp %IN b", *options, "--postprocess")

    assert (before, after) == (0, 0)
    assert (node.job / "x.b").read_text() == "input"


def test_the_command_finds_the_secrets_beside_it_as_files_and_as_variables(node: WorkerNode) -> None:
    secrets = {"TOKEN": "s3", "a b": "no variable", "PATH": "/evil", "___file___:key.bin": "AAE=", "___file___:../out": "AAE="}
    (node.job / "panda_secrets.json").write_text(json.dumps(secrets))
    command = "python3 -c \"import json;print(sorted(json.load(open('panda_secrets.json'))))\"; echo $TOKEN; od -An -tx1 key.bin"

    code, stdout, _ = run_gen(node, f"{command}; stat -c %a key.bin; echo $PATH")

    assert code == 0
    assert "['PATH', 'TOKEN', '___file___:../out', '___file___:key.bin', 'a b']\ns3\n 00 01\n600\n" in stdout
    assert "/evil" not in stdout
    assert node.files() == []
