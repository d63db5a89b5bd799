"""`python -m tests.streams.planted_worker refine|generate`: the processors, with a bug planted in one choice."""

import asyncio
import os
import sys
from typing import Any

from process.logs import configure_logs
from streams import __main__ as processors
from streams.config import read_streams_config
from streams.jedi import reactions

#: Of each choice, the function in which the bug is.
FUNCTIONS = {"refine": "refine", "generate": "answered"}


def broken(*_: Any, **__: Any) -> Any:
    """The bug."""
    raise KeyError("planted")


if __name__ == "__main__":
    configure_logs()
    choice = sys.argv[1]
    function = FUNCTIONS[choice]
    assert hasattr(reactions, function), f"there is no choice {function}"
    setattr(reactions, function, broken)
    sys.exit(asyncio.run(processors.main(read_streams_config(os.environ))))
