"""Whether the ports we need are free; a taken one is named with the variable that moves us elsewhere."""

import socket

from deploy.config import PORT_VARIABLES, StackConfig
from deploy.errors import PortTaken
from deploy.kafka.node import nodes

OWNER_OF_PORT = {"kafka_controller": "kafka"}


def check_ports(config: StackConfig) -> None:
    """Raises PortTaken for the first port that somebody else listens on."""
    for name, (variable, _) in PORT_VARIABLES.items():
        if OWNER_OF_PORT.get(name, name) in config.external:
            continue
        port = getattr(config.ports, name)
        if _is_taken(port):
            raise PortTaken(f"port {port} for {name} is taken by another process; set {variable} to a free port")
    for node in nodes(config)[1:]:
        for address in (node.address, node.controller):
            port = int(address.rpartition(":")[2])
            if _is_taken(port):
                raise PortTaken(f"port {port} for {node.name} is taken by another process; set CULM_PORT_KAFKA to a free range")


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
