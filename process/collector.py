"""How often a process looks for circles of objects that nothing else refers to (Python's garbage collector)."""

import gc


def collect_rarely() -> None:
    """Leave out what is there now, and look a hundred times less often at what is new.

    For processes that hold much and make many objects without circles: at the usual rate looking for them costs a projector a
    fifth of its time and a decider 3 %, and a decider with a million jobs in memory would stand still for each full look.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
