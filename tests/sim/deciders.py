"""A decider process: the real loop, states and deciding, on the log in memory; with its life before and after a kill."""

from pathlib import Path

from commands.aggregates import event_topics
from commands.config import DeciderConfig
from commands.engine.closed_rows import ClosedRowsOfShards
from commands.engine.decider import Decider
from commands.engine.errors import Fenced, Interrupted
from commands.engine.loop import DeciderLoop
from commands.engine.rows import RowCodec
from commands.engine.store import StateStore
from schemas.wire import Codec
from tests.sim.faults import Crash, Faults
from tests.sim.memory_log import MemoryDeciderLog, MemoryLog

SNAPSHOT_SECONDS = 20.0
BATCH = 20
#: So few that batches are cut short.
OUTPUTS = 25
#: So few that commands come while closed rows are fetched.
CLOSED_ROWS_PORTION = 3


def a_config(home: Path = Path("/nowhere"), instance: str = "1", **limits: int) -> DeciderConfig:
    """Settings of a simulated decider."""
    return DeciderConfig("", "", home, instance, snapshot_seconds=SNAPSHOT_SECONDS, **limits)  # type: ignore[arg-type]  # all are int


class DeciderProcess:
    """One process, from its start to its end; `alive` turns false at a kill or when it was fenced."""

    def __init__(
        self, log: MemoryLog, codec: Codec, instance: str, home: Path, inline_max: int = 400, closed_at_once_max: int = 20_000
    ) -> None:
        self._log, self._codec = log, codec
        self.name = instance
        self.faults = Faults()
        self.alive = True
        self.fenced = False
        limits = {
            "batch_max": BATCH,
            "inline_max": inline_max,
            "outputs_max": OUTPUTS,
            "closed_rows_at_once_max": closed_at_once_max,
            "closed_rows_portion": CLOSED_ROWS_PORTION,
        }
        self._config = a_config(home, instance, **limits)
        # No clock moves while a file is waited for.
        self._store = StateStore(RowCodec(codec), ClosedRowsOfShards(self._config.closed_rows_folder, held_seconds_max=0))
        self._loop = DeciderLoop(self._config, codec, self._store, self._open, lambda: log.now / 1_000_000)
        self._membership: MemoryDeciderLog | None = None

    def step(self) -> None:
        """One turn of `DeciderLoop.run` and of what `python -m commands` does around it."""
        try:
            if self._membership is None:
                self._membership = self._open()
                self._loop.join(self._membership)
            self._loop.step(self._membership)
            assert self._loop._restoring.snapshots_unusable == 0, "the rows of the snapshot make no states"
        except Fenced:
            self.end()
            self.fenced = True
        except Interrupted:
            self._let_go()
        except Crash:
            self.end()
        finally:
            self.faults.disarm()

    def differences(self) -> list[str]:
        """Aggregates whose states in memory are not what the events of the log fold to; none before its shards are given."""
        if self._membership is None or not self.alive or self._membership._generation != self._log.group.generation:
            return []
        folded = StateStore(RowCodec(self._codec), ClosedRowsOfShards(None))
        decider = Decider(folded, self._codec)
        every = range(self._log.partitions)
        for record in MemoryDeciderLog(self._log, self._config, Faults()).read(event_topics(), {}, every):
            decider.replay(*record.place, self._codec.decode(record.value))
        return [
            f"{aggregate} {name}"
            for (aggregate, name), entry in self._store.entries()
            if (folded.get(aggregate, name).state, folded.get(aggregate, name).sequence) != (entry.state, entry.sequence)
        ]

    def end(self) -> None:
        """Gone, as after SIGKILL: nothing is said to the log any more."""
        self.alive = False
        self._store.close()

    def _open(self) -> MemoryDeciderLog:
        return MemoryDeciderLog(self._log, self._config, self.faults)

    def _let_go(self) -> None:
        if self._membership is not None:
            self._membership.release()
        self._membership = None
