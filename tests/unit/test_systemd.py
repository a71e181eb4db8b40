"""What systemd is told, over a real datagram socket."""

from __future__ import annotations

import logging
import os
import socket
from uuid import uuid4

import pytest

from netmon.systemd import Notifier


@pytest.fixture
def manager(tmp_path):
    """Yield a socket that listens as systemd does, and its name for the environment."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(2)
        path = str(tmp_path / "notify")
        listener.bind(path)
        yield listener, path


def test_ready_carries_the_status_line_in_the_same_message(manager):
    listener, path = manager
    Notifier({"NOTIFY_SOCKET": path}).ready("watching 3 devices")
    assert listener.recv(4096) == b"READY=1\nSTATUS=watching 3 devices"


def test_each_state_has_its_own_message(manager):
    listener, path = manager
    notifier = Notifier({"NOTIFY_SOCKET": path})
    notifier.reloading(12.5)
    notifier.ready()
    notifier.watchdog()
    notifier.stopping()
    assert [listener.recv(4096) for _ in range(4)] == [
        b"RELOADING=1\nMONOTONIC_USEC=12500000",
        b"READY=1",
        b"WATCHDOG=1",
        b"STOPPING=1",
    ]


def test_a_status_cannot_smuggle_in_another_assignment(manager):
    listener, path = manager
    Notifier({"NOTIFY_SOCKET": path}).status("device\nSTOPPING=1")
    assert listener.recv(4096) == b"STATUS=device STOPPING=1"


def test_an_abstract_socket_is_reached_by_its_at_sign():
    name = f"netmon-test-{uuid4()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(2)
        listener.bind("\0" + name)
        Notifier({"NOTIFY_SOCKET": "@" + name}).watchdog()
        assert listener.recv(4096) == b"WATCHDOG=1"


@pytest.mark.parametrize("environ", [{}, {"NOTIFY_SOCKET": ""}, {"NOTIFY_SOCKET": "vsock:2:1234"}])
def test_without_a_socket_to_speak_to_it_stays_silent(environ, caplog):
    notifier = Notifier(environ)
    notifier.ready("x")
    assert not notifier.listening
    assert not caplog.records


def test_a_socket_that_went_away_is_logged_once_and_never_raises(tmp_path, caplog):
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            notifier.watchdog()
    assert len(caplog.records) == 1


def test_a_manager_that_does_not_read_never_makes_us_wait(manager):
    _, path = manager
    notifier = Notifier({"NOTIFY_SOCKET": path})
    for _ in range(2000):  # far more than the kernel queues
        notifier.watchdog()


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({"WATCHDOG_USEC": "60000000"}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())}, 60.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "²"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_time_is_known_only_when_it_is_meant_for_this_process(environ, seconds):
    assert Notifier(environ).watchdog_seconds() == seconds
