"""Ports of the local broker: which are free, and whether a broker answers at one."""

from __future__ import annotations

import socket
import struct

__all__ = ["LOOPBACK", "answers_metadata", "free_port", "port_is_free"]

LOOPBACK = "127.0.0.1"
METADATA_HEAD = struct.Struct(">iii")  # size, correlation id, number of brokers


def free_port() -> int:
    """A loopback port that nobody listens at now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_is_free(port: int) -> bool:
    """Whether nobody answers at a loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex((LOOPBACK, port)) != 0


def answers_metadata(port: int) -> bool:
    """Whether a broker at this loopback port answers a metadata request with itself in it."""
    request = struct.pack(">hhih", 3, 1, 1, -1) + struct.pack(">i", 0)  # no topics asked for
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            reply = connection.recv(METADATA_HEAD.size, socket.MSG_WAITALL)
        _size, _correlation, brokers = METADATA_HEAD.unpack(reply)
    except (OSError, struct.error):
        return False
    return bool(brokers > 0)
