"""`python -m tests.bench.peers [--seconds S] [--condor-root DIR]`: the same loop against what a user would pick instead.

Procrastinate runs on the Postgres of the running stack, in an environment and a database of its own; HTCondor in a root file
system of its own, where the user may make one. Compare the ratio, not the times; and what is counted: a life cycle of Culm is
three HTTP calls of a pilot, a task that is split, files, an audited log and read models; a job of the peer is rows in one
table.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from deploy.config import CHECKOUT
from deploy.stack import Stack
from tests.bench import condor, life_cycles

PYTHON = CHECKOUT / ".venv-peers" / "bin" / "python"
FILE = CHECKOUT / "out" / "bench" / "peers.json"
CONCURRENCY = 50
AHEAD = 1500
DATABASE = "peers"


def main() -> int:
    """0 after the comparison."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.peers", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--condor-root", type=Path, default=CHECKOUT / ".culm" / "condor-root", help="Debian with HTCondor")
    given = parser.parse_args()
    if not PYTHON.exists():
        print(f"{PYTHON} does not exist; `make bench-peers` makes it", file=sys.stderr)
        return 2
    stack = Stack.running()
    address = an_empty_database(stack.config.postgres)
    worker = CHECKOUT / "tests" / "bench" / "peer_worker.py"
    command = [str(PYTHON), str(worker), address, str(given.seconds), str(CONCURRENCY), str(AHEAD)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    peer = json.loads(output.strip().splitlines()[-1])
    culm = life_cycles.measure(stack, given.seconds, 150)
    ratio = round(culm.per_second / peer["per_second"], 2)
    found = {"measured_on": f"{datetime.now(UTC):%Y-%m-%d}", "procrastinate": peer}
    found |= {"culm_per_second": culm.per_second, "ratio": ratio}
    reason = condor.why_not(*condor.present(), given.condor_root)
    if reason is None:
        pool = condor.measure(given.condor_root, given.seconds)
        found |= {"htcondor": pool, "htcondor_ratio": round(culm.per_second / float(pool["per_second"]), 2)}
    else:
        print(reason, file=sys.stderr)
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(json.dumps(found, indent=2), encoding="utf-8")
    print(json.dumps(found, indent=2))
    return 0


def an_empty_database(postgres: str) -> str:
    """Address of a new database beside Culm's."""
    connection = psycopg2.connect(postgres)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    connection.close()
    parts = urlsplit(postgres)
    return urlunsplit(parts._replace(path=f"/{DATABASE}"))


if __name__ == "__main__":
    sys.exit(main())
