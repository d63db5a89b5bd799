"""`python -m commands positions [set [--all] [--yes]]`: shows and sets where the deciders go on in the commands.

In: CULM_KAFKA, CULM_REGISTRY. Out: a table, and what `set` would do; only `--yes` does it. For a group that has lost its
positions, which deciders refuse to begin without (`PositionsMissing`).
"""

import argparse
import sys
import time
from collections.abc import Sequence

from confluent_kafka import KafkaException

from commands.config import DeciderConfig
from commands.engine.entries import Positions
from commands.engine.errors import DeciderError
from commands.engine.positions import GroupPositions, PositionStanding
from eventlog.registry import codec_from
from process.settings import mask


def run(config: DeciderConfig, arguments: Sequence[str]) -> int:
    """Exit code: 0; 1 when positions are missing (`show`) or could not be set (`set --yes`); 2 when no server answers."""
    parser = argparse.ArgumentParser(prog="python -m commands positions", description=__doc__)
    parser.add_argument("word", nargs="?", choices=("show", "set"), default="show", help="what to do")
    parser.add_argument("--all", action="store_true", help="set also those that the group has")
    parser.add_argument("--yes", action="store_true", help="do it; without, `set` only says what it would do")
    given = parser.parse_args(arguments)
    try:
        positions = GroupPositions(config.kafka, config.group, lambda: codec_from(config.registry, pause=_give_up))
        standings = positions.standings(time.time())
    except (DeciderError, KafkaException, RegistryNotReady) as problem:
        servers = f"the log at {mask(config.kafka)} and its registry at {mask(config.registry)}"
        sys.stderr.write(f"{servers} cannot be asked: {problem}\n")
        return 2
    sys.stdout.write("\n".join(table(standings)) + "\n")
    changes = wanted(standings, every=given.all)
    if given.word == "show":
        return 1 if wanted(standings, every=False) else 0
    sys.stdout.write("\n".join(told(config.group, standings, changes, done=given.yes)) + "\n")
    if given.yes and changes:
        try:
            positions.set(changes)
        except DeciderError as problem:
            sys.stderr.write(f"{problem}\n")
            return 1
    return 0


class RegistryNotReady(Exception):
    """The registry does not answer, or does not know this version."""


def _give_up(seconds: float) -> None:
    raise RegistryNotReady(f"the registry was not ready; it would be asked again in {seconds:.0f} s")


def wanted(standings: Sequence[PositionStanding], *, every: bool) -> Positions:
    """What is to be set: places with commands and without a position; every: all that differ from what the log says."""
    return {
        (one.topic, one.shard): one.decided
        for one in standings
        if (one.position is None and one.end) or (every and one.position != one.decided and one.end)
    }


def table(standings: Sequence[PositionStanding]) -> list[str]:
    """A line for each partition of commands."""
    rows = [("shard", "commands", "position", "end", "decided, as the log says")]
    rows += [
        (str(one.shard), one.topic, "none" if one.position is None else str(one.position), str(one.end), str(one.decided))
        for one in standings
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def told(group: str, standings: Sequence[PositionStanding], changes: Positions, *, done: bool) -> list[str]:
    """What is set, in sentences."""
    if not changes:
        return [f"{group} has every position; nothing is to be set"]
    ends = {(one.topic, one.shard): one.end for one in standings}
    word = "sets" if done else "would set"
    lines = [
        f"{word} {topic}[{shard}] to {offset}: at most {ends[topic, shard] - offset} commands are decided from there on"
        for (topic, shard), offset in sorted(changes.items())
    ]
    return lines if done else [*lines, "nothing was changed; add --yes, with every decider stopped or waiting for its positions"]
