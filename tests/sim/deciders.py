"""A decider process: the real loop, states and deciding, on the log in memory; with its life before and after a kill."""

from pathlib import Path

from commands.aggregates import event_topics
from commands.config import DeciderConfig
from commands.engine.closed_rows import ClosedRows
from commands.engine.errors import Fenced, Interrupted
from commands.engine.loop import DeciderLoop
from commands.engine.rows import RowCodec
from commands.engine.shard import Shard
from commands.engine.store import StateStore
from schemas.wire import Codec
from tests.sim.faults import Crash, Faults
from tests.sim.memory_log import MemoryLog, MemoryShardLog

SNAPSHOT_SECONDS = 20.0
BATCH = 20
#: So few that batches are cut short.
OUTPUTS = 25


def a_config(home: Path = Path("/nowhere"), slot: int = 0, slots: int = 1, **limits: int) -> DeciderConfig:
    """Settings of a simulated decider."""
    return DeciderConfig("", "", home, slot, slots, snapshot_seconds=SNAPSHOT_SECONDS, **limits)


class DeciderProcess:
    """One process of one slot, from its start to its end; `alive` turns false at a kill or when it was fenced."""

    def __init__(self, log: MemoryLog, codec: Codec, slot: int, slots: int, home: Path, inline_max: int = 400) -> None:
        self._log, self._codec = log, codec
        self.faults = Faults()
        self.alive = True
        self.fenced = False
        limits = {"batch_max": BATCH, "inline_max": inline_max, "outputs_max": OUTPUTS}
        self._config = a_config(home, slot, slots, **limits)
        self._store = StateStore(RowCodec(codec), ClosedRows(self._config.closed_rows_file))
        self._loop = DeciderLoop(self._config, codec, self._store, self._open, lambda: log.now / 1_000_000)
        self._slot_log: MemoryShardLog | None = None

    def step(self) -> None:
        """One turn of `DeciderLoop.run` and of what `python -m commands` does around it."""
        try:
            if self._slot_log is None:
                self._slot_log = self._open()
                self._loop.take_over(self._slot_log)
                assert self._loop._restoring.snapshots_unusable == 0, "the rows of the snapshot make no states"
            else:
                self._loop.step(self._slot_log)
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
        """Aggregates whose states in memory are not what the events of the log fold to; none when the slot is not owned."""
        if self._slot_log is None or not self.alive:
            return []
        folded = StateStore(RowCodec(self._codec), ClosedRows(None))
        slot = Shard(folded, self._codec)
        for record in MemoryShardLog(self._log, self._config, Faults()).read(event_topics(), {}):
            slot.replay(*record.place, self._codec.decode(record.value))
        return [
            f"{aggregate} {name}"
            for (aggregate, name), entry in self._store.entries()
            if (folded.get(aggregate, name).state, folded.get(aggregate, name).sequence) != (entry.state, entry.sequence)
        ]

    def end(self) -> None:
        """Gone, as after SIGKILL: nothing is said to the log any more."""
        self.alive = False
        self._store.close()

    def _open(self) -> MemoryShardLog:
        return MemoryShardLog(self._log, self._config, self.faults)

    def _let_go(self) -> None:
        if self._slot_log is not None:
            self._slot_log.release()
        self._slot_log = None
