"""What adapters of batch systems with commands share: the programs in PATH that stand before them, and their faults."""

import json
import stat
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from agents.harvester.systems.contract import BatchSystem
from tests.systems.kit import Fault

HERE = Path(__file__).parent
#: Of an impatient plugin; nothing in a case depends on how long it is but for what never answers.
IMPATIENT_SECONDS = "1"
_OURS = {"program", "run", "started", "exit_code", "stdout", "stderr", "submit"}


class CommandAdapter:
    """Programs `names` in a folder of their own, which front.py answers. commands: the folder of the real ones, if there are."""

    def __init__(
        self,
        folder: Path,
        stack: str,
        make: Callable[[str, Mapping[str, str], Path], BatchSystem],
        emulator: str,
        names: Iterable[str],
        commands: Path | None = None,
    ) -> None:
        self.stack, self.folder = stack, folder
        self.spool = folder / "work" / make("kit", {}, folder).describe().name
        self.lacks: Mapping[StrEnum, str] = {}
        self.queue_settings: Mapping[str, str] = {}
        self.program = folder / "program"
        self.program.write_text("#!/bin/sh\nexit 0\n")
        self.settings: dict[str, str] = {"path": f"{folder / 'bin'}:/usr/bin:/bin"}
        self._make = make
        self._front: dict[str, Any] = {"emulator": emulator, "commands": str(commands) if commands else ""}
        (folder / "bin").mkdir()
        for name in names:
            program = folder / "bin" / name
            program.write_text(
                f"#!{sys.executable} -SE\nimport sys; from pathlib import Path\nsys.path.insert(0, {str(HERE)!r})\n"
                f"import front; front.main(Path({str(folder)!r}), {name!r})\n"
            )
            program.chmod(0o755)
        self.heal()

    def plugin(self, *, impatient: bool = False, **settings: str) -> BatchSystem:
        """A new plugin on this system."""
        speed = {"command_seconds": IMPATIENT_SECONDS} if impatient else {}
        return self._make(self.stack, {**self.settings, **speed, **settings}, self.folder / "work")

    def inject(self, fault: Fault) -> None:
        """Let the following calls of its kind suffer `fault`."""
        self._write({**self._front, "fault": fault.name})

    def heal(self) -> None:
        """End all faults."""
        self._write(self._front)

    def release_listing(self) -> None:
        """Let a listing under LISTING_LATE arrive."""
        (self.folder / "late-release").touch()

    def late_listing_is_made(self) -> bool:
        """Whether a listing under LISTING_LATE has its answer, which waits."""
        return (self.folder / "late-made").exists()

    def files(self, tag: str) -> Mapping[str, tuple[int, bytes]]:
        """The worker's files as they lie in its folder."""
        found = (self.spool / tag).iterdir()
        return {path.name: (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in found if path.name not in _OURS}

    def left_behind(self, tag: str) -> list[str]:
        """What is in its folder."""
        folder = self.spool / tag
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def settle(self) -> None:
        """Orders take effect at once."""

    def _write(self, front: Mapping[str, Any]) -> None:
        part = self.folder / "front.part"
        part.write_text(json.dumps(front))
        part.replace(self.folder / "front.json")
