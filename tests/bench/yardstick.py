"""What the machine gives just now, so that two runs can be compared."""

import time


def yardstick_ms() -> float:
    """CPU milliseconds of a fixed loop of Python, the best of five: what this machine gives just now, to compare two runs by."""
    best = float("inf")
    for _ in range(5):
        began, total = time.process_time(), 0
        for number in range(1_000_000):
            total += number * number
        best = min(best, time.process_time() - began)
    return round(1000 * best, 1)
