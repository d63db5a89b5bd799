"""Ports of loopback that are ours: before anyone listens on them, between two servers, and until they are given back.

A port that was only looked for is free until the next program asks for one, and any connection that goes out may get its number.
In: how many are needed. Out: their numbers. Guards: a socket that is bound and never listens holds each, so that the kernel gives
it to no one who does not name it; a server that sets SO_REUSEADDR, as all of ours do, listens on it all the same; a client is
refused as long as none does.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

LOOPBACK = "127.0.0.1"


def held_port() -> socket.socket:
    """A port that is held until the socket is closed; `getsockname()[1]` is its number."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((LOOPBACK, 0))
    return holder


@contextmanager
def held_ports(count: int) -> Iterator[list[int]]:
    """Numbers of so many ports, held until the end of the block."""
    with ExitStack() as holders:
        yield [holders.enter_context(held_port()).getsockname()[1] for _ in range(count)]
