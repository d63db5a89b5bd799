"""What is wrong with Culm at this moment, as plain sentences for any caller; none when all is well.

In: the supervisor's processes, positions in the log, what the read models set aside. Out: `HealthCondition`. Guards: anyone may
ask, so it names processes and partitions, and of what belongs to a VO only how many there are; asking costs round trips to
Kafka, so it is done at most every `FRESH_SECONDS` for all callers, and no caller waits long for it.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from confluent_kafka import KafkaException

from api.config import ApiConfig
from api.http.errors import ReadModelsUnavailable
from api.log.processes import LATELY_SECONDS, Offsets, followed, supervised
from api.queries import positions
from api.queries.read_models import ReadModels
from api.queries.set_aside import Standing, standing

FRESH_SECONDS = 15.0
WAIT_SECONDS_MAX = 2.0
#: So long a follower with records before it may handle none of them.
STUCK_SECONDS = 30.0
RESTARTS_MAX = 1
BROKEN_STATES = ("backoff", "fatal", "exited", "unknown")


@dataclass(frozen=True, slots=True)
class HealthCondition:
    """problems: a sentence each. set_aside: what stands still in the read models."""

    problems: tuple[str, ...] = ()
    set_aside: Standing = field(default_factory=Standing)


@dataclass(slots=True)
class FollowerProgress:
    """Since when each follower has stood at a place with records before it."""

    seen: dict[str, tuple[int, float]] = field(default_factory=dict)

    def stuck(self, followers: Mapping[str, tuple[int | None, int]], now: float) -> dict[str, tuple[int, float]]:
        """Records before it and seconds, of followers that moved for too long not at all. followers: (behind, position)."""
        found: dict[str, tuple[int, float]] = {}
        for name, (behind, position) in followers.items():
            if not behind:
                self.seen.pop(name, None)
                continue
            before, since = self.seen.get(name, (None, now))
            if before != position:
                since = now
            self.seen[name] = (position, since)
            if now - since >= STUCK_SECONDS:
                found[name] = (behind, now - since)
        return found


def sentences(
    processes: Sequence[Mapping[str, Any]],
    stuck: Mapping[str, tuple[int, float]],
    stopped: Sequence[Mapping[str, Any]],
    aside: Standing,
    left_out: Sequence[str] = (),
) -> tuple[str, ...]:
    """Each problem in a sentence. processes: name, state, restarts_lately. stopped: partitions that stand still. left_out:
    sentences of read models whose tables are of another version.
    """
    found = list(left_out)
    for one in processes:
        if one["state"] in BROKEN_STATES:
            found.append(f"Process {one['name']} does not run (state {one['state']}).")
        if one["restarts_lately"] > RESTARTS_MAX:
            minutes = LATELY_SECONDS // 60
            found.append(f"Process {one['name']} was restarted {one['restarts_lately']} times in the last {minutes} minutes.")
    for name, (behind, seconds) in stuck.items():
        found.append(f"Process {name} has handled nothing for {seconds:.0f} s while {behind:,} records wait.")
    for row in stopped:
        place = f"{row['topic']}/{row['partition']} stands still at offset {row['log_offset']}"
        found.append(f"Partition {place} ({row['kind']}); nothing behind it reaches the read models.")
    if aside.total:
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in aside.counts.items())
        found.append(f"Set aside, with rows as of an earlier event: {kinds}. Operators find which at /v1/health/details.")
    if aside.skipped:
        found.append(f"{aside.skipped:,} records of event topics could not be read, belong to no aggregate and were passed over.")
    return tuple(found)


class ConditionService:
    """The condition of the stack that this API belongs to."""

    def __init__(self, config: ApiConfig, read_models: ReadModels) -> None:
        self._config, self._read_models = config, read_models
        self._progress = FollowerProgress()
        self._last, self._at = HealthCondition(), float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def now(self) -> HealthCondition:
        """The condition, a few seconds old at most where nothing hangs."""
        if time.monotonic() - self._at >= FRESH_SECONDS:
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            await asyncio.wait({self._looking}, timeout=WAIT_SECONDS_MAX)
        return self._last

    async def _look(self) -> None:
        config, read_models = self._config, self._read_models
        try:
            projected = await positions.slowest_positions(read_models)
            stopped = await positions.stopped_partitions(read_models)
            aside = await standing(read_models)
            left_out = await positions.left_out_now(read_models)
        except (ReadModelsUnavailable, psycopg2.Error):
            # Away, or not yet brought to this version: nothing is known of what they hold.
            projected, stopped, aside, left_out = {}, [], Standing(), ()
        processes, followers = await asyncio.to_thread(_outside, config.home, config.kafka, config.postgres, projected)
        stuck = self._progress.stuck(followers, time.monotonic())
        self._last, self._at = HealthCondition(sentences(processes, stuck, stopped, aside, left_out), aside), time.monotonic()


def _outside(
    home: Path, kafka: str, postgres: str, projected: Offsets
) -> tuple[list[dict[str, Any]], dict[str, tuple[int | None, int]]]:
    try:
        return supervised(home), followed(kafka, postgres, projected)
    except KafkaException:
        return supervised(home), {}

