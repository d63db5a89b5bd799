"""What adapters of batch systems with an HTTP interface share: the plugin behind a front, whose faults it sees."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from agents.harvester.systems.contract import BatchSystem
from tests.systems.http_front import HttpFront
from tests.systems.kit import Fault


class Connected(BatchSystem, Protocol):
    """A plugin that keeps connections."""

    def close(self) -> None:
        """End them."""


Plugin = TypeVar("Plugin", bound=Connected)
#: Of an impatient plugin; nothing in a case depends on how long it is but for what never answers.
_IMPATIENT: Mapping[str, str] = {"call_seconds": "1", "submit_seconds": "1", "listing_seconds": "1"}


class HttpAdapter(Generic[Plugin]):
    """Plugins that `make` makes of stack, settings and folder, behind `front`. settings: what each of them is given."""

    def __init__(
        self,
        folder: Path,
        stack: str,
        make: Callable[[str, Mapping[str, str], Path], Plugin],
        front: HttpFront,
        settings: Mapping[str, str],
    ) -> None:
        self.stack, self.folder, self.front = stack, folder, front
        self.settings = dict(settings)
        self.program = folder / "program"
        self.program.write_text("#!/bin/sh\nexit 0\n")
        self._make = make
        self._plugins: list[Plugin] = []

    def plugin(self, *, impatient: bool = False, **settings: str) -> Plugin:
        """A new plugin."""
        speed = _IMPATIENT if impatient else {}
        self._plugins.append(self._make(self.stack, {**self.settings, **speed, **settings}, self.folder))
        return self._plugins[-1]

    def close(self) -> None:
        """End plugins and front."""
        for plugin in self._plugins:
            plugin.close()
        self.front.end()

    def inject(self, fault: Fault) -> None:
        """Let the requests of its kind suffer `fault`."""
        self.front.inject(fault)

    def heal(self) -> None:
        """End it."""
        self.front.heal()

    def release_listing(self) -> None:
        """Let a late list arrive."""
        self.front.released.set()

    def late_listing_is_made(self) -> bool:
        """Whether a late list waits."""
        return self.front.made.is_set()
