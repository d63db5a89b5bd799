"""Ports that tests hold: given to no one else, open to a server of ours, also to the next one."""

import socket
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.held_ports import LOOPBACK, held_ports


def test_a_held_port_is_given_to_no_one_else_and_clients_are_refused() -> None:
    with held_ports(1) as (port,):
        with socket.socket() as other, pytest.raises(OSError, match="in use"):
            other.bind((LOOPBACK, port))
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((LOOPBACK, port), 5)


def test_one_server_after_the_other_listens_on_it() -> None:
    with held_ports(1) as (port,):
        for _ in range(2):
            with HTTPServer((LOOPBACK, port), BaseHTTPRequestHandler), socket.create_connection((LOOPBACK, port), 5) as client:
                assert client.getpeername() == (LOOPBACK, port)


def test_held_ports_differ_and_are_free_afterwards() -> None:
    with held_ports(5) as ports:
        assert len(set(ports)) == 5
    with socket.socket() as other:
        other.bind((LOOPBACK, ports[0]))
