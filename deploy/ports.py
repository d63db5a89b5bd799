"""Whether the ports of a stack are free: `python3 -m deploy.ports` before anything is downloaded, `culm up` before it starts.

Every taken port is named with the variable that moves it. Standard library only: it runs before the environment exists.
"""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.config import MARK, StackConfig
from deploy.errors import PortTaken
from deploy.kafka.node import nodes
from process.instances import PORTS_OF_METRICS, processes_of_a_stack
from process.servers import PORT_VARIABLES

OWNER_OF_PORT = {"kafka_controller": "kafka"}
#: One port for each kind that serves metrics, from CULM_PORT_METRICS on; second instances have the next such row, and so on.
METRICS_PORTS = len(PORTS_OF_METRICS)


def check_ports(config: StackConfig, running: StackConfig | None = None) -> None:
    """Raises PortTaken, a line for each port that another process listens on or that two of our servers would share.

    running: the stack as it runs already; it may listen on its own ports.
    """
    ours = {port for port, _, _ in _ports(running)} if running else set()
    problems = []
    seen: dict[int, str] = {}
    for port, name, remedy in _ports(config):
        if port in seen:
            problems.append(f"port {port} is given to both {seen[port]} and {name}; {remedy}")
        elif port not in ours and _is_taken(port):
            problems.append(f"port {port} for {name} is taken by another process; {remedy}")
        seen.setdefault(port, name)
    if problems:
        raise PortTaken("\n".join(problems))


def _ports(config: StackConfig) -> Iterator[tuple[int, str, str]]:
    """Every port that the stack listens on: its number, who listens, what to do when it is taken."""
    for name, (variable, _) in PORT_VARIABLES.items():
        port: int = getattr(config.ports, name)
        if name == "metrics":
            yield from _metrics_ports(config, variable)
        elif name == "api":
            for process in processes_of_a_stack(config.counts):
                if process.kind.name == name:
                    yield process.api_port(port), process.program, f"set {variable} to a free port"
        elif name == "x509":
            if config.edge:
                yield port, "edge", f"set {variable} to a free port"
        elif OWNER_OF_PORT.get(name, name) not in config.external:
            yield port, name, f"set {variable} to a free port"
    for node in nodes(config)[1:]:
        for address in (node.address, node.controller):
            yield int(address.rpartition(":")[2]), node.name, "set CULM_PORT_KAFKA to a free range"


def _metrics_ports(config: StackConfig, variable: str) -> Iterator[tuple[int, str, str]]:
    """Those of every instance that serves metrics."""
    ports = [one.metrics_port(config.ports.metrics) for one in processes_of_a_stack(config.counts) if one.kind.has_metrics]
    row = METRICS_PORTS * max((count for _, count in config.several), default=1)
    for port in sorted(ports):
        yield port, "metrics", f"set {variable} to the first of {row} free ports in a row"


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _has_processes(home: Path) -> bool:
    """True when a stack of `home` runs or left processes behind: `culm up` deals with those and then looks at the ports."""
    mark = f"{MARK}={home}".encode()
    for process in Path("/proc").glob("[0-9]*/environ"):
        try:
            if mark in process.read_bytes().split(b"\0"):
                return True
        except OSError:  # it has ended, or belongs to another user
            continue
    return False


def main() -> int:
    """Exit code: 0 when the ports are free or this stack's own processes have them, 1 with a line for each taken port."""
    try:
        config = StackConfig.from_environ(os.environ)
        if not _has_processes(config.home):
            check_ports(config)
    except (PortTaken, ValueError) as problem:
        print(f"culm: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
