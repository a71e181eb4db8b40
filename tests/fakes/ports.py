"""Ports that nobody uses."""

import socket


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a free loopback port, for servers that cannot be told 0."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
