"""Load: threads that ask again and again, each as soon as it was answered; what was answered, and at which rate."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Load:
    """What was answered. seconds: of the whole load, once it has ended."""

    answers: list[bool] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Answers in a second."""
        return len(self.answers) / self.seconds


@contextmanager
def in_a_closed_loop(call: Callable[[], bool], count: int) -> Iterator[Load]:
    """`count` threads that do `call` again and again."""
    load = Load()
    ending = threading.Event()

    def loop() -> None:
        while not ending.is_set():
            load.answers.append(call())

    began = time.monotonic()
    with ThreadPoolExecutor(count) as pool:
        loops = [pool.submit(loop) for _ in range(count)]
        try:
            yield load
        finally:
            ending.set()
    load.seconds = time.monotonic() - began
    for one in loops:
        one.result()
