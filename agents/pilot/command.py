"""What a pilot starts for a job: one line for a shell. Pure. Source: docs/reference/pilot.md, "Containers".

Without a container: the wrapper with its parameters. With one and with steps, the wrapper prepares outside, the container runs
what it left, the wrapper delivers outside; with one and without steps, the wrapper runs inside. Guards: image and paths are
quoted, and an image is never taken for an option.
"""

import shlex
from pathlib import Path

from agents.pilot.job import PilotJob

#: Variables that a payload finds in its container as it does outside.
PASSED_IN = ("PANDAID", "PanDA_TaskID", "ATHENA_PROC_NUMBER", "LANG", "TZ")
#: Where steps leave the command for the container (`runGen --preprocess`).
MAIN_SCRIPT = "__run_main_exec.sh"


def payload_line(job: PilotJob, runtime: str, folder: Path, *, is_root: bool) -> str:
    """The command of `job`, to be run in `folder`. runtime: a program that takes the command line of podman.

    is_root: the pilot is root, so that files of the container's root are its own in any case.
    """
    plain = f"./{job.wrapper} {job.parameters}"
    if not job.image:
        return plain
    if not job.before and not job.after:
        return _in_container(job, runtime, folder, job.inside or plain, is_root=is_root)
    inside = _in_container(job, runtime, folder, job.inside or f"/bin/sh {MAIN_SCRIPT}", is_root=is_root)
    lines = [f"./{job.wrapper} {job.before}"] if job.before else []
    lines.append(inside)
    if job.after:
        lines.append(f"./{job.wrapper} {job.after}")
    return " &&\n".join(lines)


def _in_container(job: PilotJob, runtime: str, folder: Path, command: str, *, is_root: bool) -> str:
    words = [runtime, "run", "--rm", "--volume", f"{folder}:{folder}", "--workdir", str(folder)]
    if not is_root:
        words.append("--userns=keep-id")
    for name in PASSED_IN:
        words += ["--env", name]
    return shlex.join([*words, job.image, "/bin/sh", "-c", command])
