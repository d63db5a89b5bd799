"""The environment of payloads: what the site offers, what the protocol promises, nothing of the pilot's own. Pure."""

from collections.abc import Mapping
from pathlib import Path

from agents.pilot.config import PilotConfig
from agents.pilot.job import PilotJob

#: The mark by which a local stack finds its processes again (deploy); it names a folder and is no secret.
STACK_MARK = "CULM_STACK"
#: Named one by one: what is not here, tokens and addresses of credentials above all, stays with the pilot.
PASSED_ON = frozenset(
    {"HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH"}
    | {"SSL_CERT_FILE", "SSL_CERT_DIR", "X509_CERT_DIR", STACK_MARK}
)


def payload_environment(
    config: PilotConfig, job: PilotJob, python: Path, inherited: Mapping[str, str]
) -> dict[str, str]:
    """Variables for the payload of `job`; `python` is the interpreter that `python3` shall be."""
    passed = {name: value for name, value in inherited.items() if _is_passed_on(name, config)}
    folder = str(config.work)
    return {
        **passed,
        "PATH": f"{python.parent}:{inherited.get('PATH', '/usr/local/bin:/usr/bin:/bin')}",
        "PANDAID": str(job.job_id),
        "PanDA_TaskID": str(job.task_id),
        "PANDA_SERVER_URL": config.api,
        "PILOT_HOME": folder,
        "PILOT_WORK_DIR": folder,
        "PILOT_SOURCE_DIR": folder,
        "PILOT_SITENAME": config.queue,
        "PILOT_RUCIO_SITENAME": config.queue,
        "PILOT_USER": "generic",
        "PILOT_EXEC_ITERATION_COUNT": "0",
        "ATHENA_PROC_NUMBER": str(job.core_count),
    }


def _is_passed_on(name: str, config: PilotConfig) -> bool:
    if name in PASSED_ON or name.startswith("LC_"):
        return True
    return name in config.passed_on and not name.startswith(("CULM_", "HARVESTER_"))
