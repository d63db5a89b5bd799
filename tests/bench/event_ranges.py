"""`python -m tests.bench.event_ranges`: ranges of events that pilots acquire and report through HTTP, a second.

The application and its deciders in memory, in this process: requests pass through the ASGI application as bytes, commands and
events through Avro; there is no broker and no database. A table by ranges in a request: ranges a second of wall time and of CPU
time, and microseconds of CPU a range. The last column is the same for the last tenth of the ranges over the first: flat is the
claim.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from identity.issuer import signing_key
from tests.api.harvester_stage import Stage
from tests.api.test_routes import headers
from tests.commands.builders import QUEUE, TASK
from tests.commands.test_event_service import an_event_service

EVENTS_PER_RANGE = 10
RANGES = 20_000
AT_ONCE = (1, 10, 100, 500)


def main() -> None:
    """Print the table."""
    print(f"{'a request':>9} {'ranges':>8} {'ranges/s':>9} {'of CPU':>9} {'us CPU':>7} {'last/first tenth':>17}")
    for count in AT_ONCE:
        total = min(RANGES, 2_000 * count)
        wall, cpu, ratio = figures(count, total)
        print(f"{count:>9} {total:>8,} {total / wall:>9,.0f} {total / cpu:>9,.0f} {1e6 * cpu / total:>7.0f} {ratio:>17.2f}")


def figures(count: int, total: int) -> tuple[float, float, float]:
    """Seconds of wall time and of CPU time for `total` ranges, `count` in a request, and last tenth by first."""
    with tempfile.TemporaryDirectory(prefix="culm-bench-") as home:
        signing_key(Path(home))
        stage = Stage(Path(home))
        pilot = headers(Path(home), "wlcg/pilot")
        stage.culm = stage.gateway.culm = an_event_service({"a.root": total * EVENTS_PER_RANGE})
        job = ask(stage, pilot, "getJob", {"siteName": QUEUE, "prodSourceLabel": "unified", "node": "n"})["PandaID"]
        laps, began, cpu_began = [], time.perf_counter(), time.process_time()
        for _ in range(total // count):
            lap = time.process_time()
            given = ask(stage, pilot, "getEventRanges", {"pandaID": job, "nRanges": count})["eventRanges"]
            rows = [{"eventRangeID": one["eventRangeID"], "eventStatus": "finished"} for one in given]
            answer = ask(stage, pilot, "updateEventRanges", {"eventRanges": json.dumps(rows), "version": 0})
            assert answer["Returns"] == [True] * count, answer
            laps.append(time.process_time() - lap)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu_began
        assert stage.culm.state("ranges", TASK).done == ((1, total),)
        tenth = max(1, len(laps) // 10)
        return wall, cpu, sum(laps[-tenth:]) / sum(laps[:tenth])


def ask(stage: Stage, pilot: dict[str, str], name: str, body: dict[str, Any]) -> dict[str, Any]:
    found = stage.client.post(f"/server/panda/{name}", json=body, headers=pilot).json()
    assert isinstance(found, dict)
    return found


if __name__ == "__main__":
    main()
