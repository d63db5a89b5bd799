"""Log lines: one JSON object each, from Culm and from libraries alike; importing what agents need stays light."""

import json
import subprocess
import sys

from process.servers import CHECKOUT

LINES = """
import logging, structlog
from process.logs import configure_logs
kept = []
configure_logs(keep=kept.append)
structlog.get_logger().info("job_started", job_id=7)
structlog.get_logger().debug("not_shown")
logging.getLogger("faust").warning('a "quoted" %s', "text")
logging.getLogger("httpx").info("not shown")
print(len(kept))
"""
HEAVY = """
import sys, agents.pilot.__main__
print([name for name in ("confluent_kafka", "prometheus_client", "fastavro", "sqlalchemy") if name in sys.modules])
"""


def ran(code: str) -> subprocess.CompletedProcess[str]:
    """Python in a process of its own."""
    return subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)


def test_lines_of_culm_and_of_libraries_are_json_on_standard_error() -> None:
    done = ran(LINES)

    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [("job_started", "info"), ("library_said", "warning")]
    assert lines[1]["text"] == 'a "quoted" text'
    assert done.stdout == "2\n"


def test_a_pilot_loads_nothing_of_the_log_or_the_database() -> None:
    assert ran(HEAVY).stdout == "[]\n"
