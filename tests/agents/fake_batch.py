"""A batch system that is a folder of files, for tests that run a real harvester as a process of its own."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agents.harvester.systems.contract import (
    CancelOutcome,
    Description,
    EventSource,
    Listing,
    NativeState,
    NativeWorker,
    SubmitOutcome,
    Submitted,
    WorkerSpec,
)


class FakeJobs:
    """The folder: a file for each job that was ever taken, in `jobs`, with its tag and state."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "jobs"
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, tag: str) -> str:
        """Take a job; its id."""
        number = str(1 + len(list(self.folder.iterdir())))
        self.put(number, tag, NativeState.RUNNING)
        return number

    def keep_file(self, tag: str, name: str, content: str) -> None:
        """Keep a file that came with a worker."""
        folder = self.folder.parent / "files" / tag
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)

    def file_of(self, tag: str, name: str) -> str:
        """A file that came with a worker."""
        return (self.folder.parent / "files" / tag / name).read_text()

    def put(self, number: str, tag: str, state: NativeState | None) -> None:
        """Let a job be in a state; None: it vanished."""
        part = self.folder.parent / f"{number}.part"
        part.write_text(json.dumps({"tag": tag, "state": state}))
        part.replace(self.folder / number)

    def all(self) -> list[tuple[str, str, NativeState | None]]:
        """Id, tag and state of each."""
        found = [(path.name, json.loads(path.read_text())) for path in sorted(self.folder.iterdir())]
        return [(number, one["tag"], NativeState(one["state"]) if one["state"] else None) for number, one in found]

    def state_of(self, number: str) -> NativeState | None:
        """The state of one."""
        return {name: state for name, _, state in self.all()}[number]

    def alive(self) -> dict[str, str]:
        """Ids of living jobs, by tag; a tag that lives twice is an error."""
        living = [(tag, number) for number, tag, state in self.all() if state is not None and not state.is_end]
        assert len(dict(living)) == len(living), living
        return dict(living)


class FakeBatch:
    """The plugin. Setting `state`: the folder; `ships_files`: no."""

    def __init__(self, stack: str, settings: Mapping[str, str], folder: Path) -> None:
        self._stack, self._jobs = stack, FakeJobs(Path(settings["state"]))
        self._ships_files = settings.get("ships_files") != "no"

    def describe(self) -> Description:
        """As any other."""
        return Description(name="fake", exact_memory=True, ships_files=self._ships_files, bulk_max=10)

    def problem(self) -> str:
        """None."""
        return ""

    def submit(self, specs: Sequence[WorkerSpec]) -> Sequence[SubmitOutcome]:
        """All are taken, with their files."""
        for spec in specs:
            for path in spec.files:
                assert path.stat().st_mode & 0o777 == 0o600, path.name
                self._jobs.keep_file(spec.tag, path.name, path.read_text())
            size = {"memory_mb": spec.memory_mb, "cores": spec.cores, "walltime_seconds": spec.walltime_seconds}
            self._jobs.keep_file(spec.tag, "size", json.dumps(size))
        return [Submitted(spec.tag, self._jobs.add(spec.tag), "here") for spec in specs]

    def listing(self) -> Listing:
        """All jobs that have not vanished."""
        began_at = time.time()
        found = [NativeWorker(tag, number, state, state.value, node="n1") for number, tag, state in self._jobs.all() if state]
        return Listing(True, began_at, tuple(found))

    def cancel(self, workers: Sequence[NativeWorker]) -> Sequence[CancelOutcome]:
        """At once."""
        for worker in workers:
            self._jobs.put(worker.batch_id, worker.tag, NativeState.CANCELLED)
        return [CancelOutcome.ORDERED for _ in workers]

    def sweep(self, is_over: Callable[[str], bool]) -> int:
        """Nothing is left behind."""
        return 0

    def events(self) -> EventSource | None:
        """None."""
        return None
