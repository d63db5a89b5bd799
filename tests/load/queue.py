"""The queue that the load works on."""

import dataclasses

from deploy.local_queue import LocalQueue, configure
from deploy.stack import Stack


@dataclasses.dataclass(frozen=True, slots=True)
class LoadQueue(LocalQueue):
    """A queue for which no pilot is started: the load plays them."""

    lease_seconds: int = 600

    def settings(self) -> dict[str, object]:
        """As `ConfigureQueue` takes them."""
        return {**LocalQueue.settings(self), "lease_seconds": self.lease_seconds}


def configure_queue(stack: Stack, queue: LocalQueue, lease_seconds: int) -> None:
    """Tell Culm about the queue."""
    configure(stack.config.api, stack.config.home, LoadQueue(queue.name, queue.pilots, lease_seconds))
