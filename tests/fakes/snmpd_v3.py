"""Debian's snmpd with SNMPv3 users, in a temporary folder; it keeps its engine ID and boots there."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from fakes.servers import require
from fakes.simagent import free_udp_port

from collectors.snmp.message import MIN_REQUEST_ID, Pdu, make_pdu
from collectors.snmp.usm_channel import Channel, Lock
from collectors.snmp.usm_clock import EngineClock
from netmon import sdk

AUTH_SECRET, PRIVACY_SECRET = "authentication-passphrase", "encryption-passphrase"

AUTHS = {
    "MD5": "MD5",
    "SHA-1": "SHA",
    **{name: name for name in ("SHA-224", "SHA-256", "SHA-384", "SHA-512")},
}
PRIVACIES = {
    "DES": "DES",
    "AES-128": "AES",
    "AES-192": "AES-192",
    "AES-256": "AES-256",
    "AES-192-Reeder": "AES-192-C",
    "AES-256-Reeder": "AES-256-C",
}
"""netmon's names, and those of net-snmp."""
PAIRS = tuple(product(AUTHS, (*PRIVACIES, None)))


def user(auth: str | None, privacy: str | None) -> str:
    """Return the user who has this pair."""
    return f"u-{auth}-{privacy}"


def credential(auth: str | None, privacy: str | None, /, **changes) -> sdk.Credential:
    """Return netmon's side of a user; weak pairs are allowed."""
    values = {
        "user": user(auth, privacy),
        "auth": auth,
        "auth_secret": sdk.SecretStr(AUTH_SECRET if auth else ""),
        "privacy": privacy,
        "privacy_secret": sdk.SecretStr(PRIVACY_SECRET if privacy else ""),
        "allow_weak": True,
    }
    return sdk.Credential("v3", sdk.SnmpVersion.V3, **(values | changes))


def users(pairs: Sequence[tuple[str | None, str | None]]) -> str:
    """Return snmpd.conf's lines for users who may read everything at their own level."""
    lines = []
    for auth, privacy in pairs:
        keys = f' {AUTHS[auth]} "{AUTH_SECRET}"' if auth else ""
        keys += f' {PRIVACIES[privacy]} "{PRIVACY_SECRET}"' if privacy else ""
        level = "authPriv" if privacy else "authNoPriv" if auth else "noAuthNoPriv"
        lines += [f"createUser {user(auth, privacy)}{keys}", f"rouser {user(auth, privacy)} {level}"]
    return "\n".join(lines)


@dataclass
class Snmpd:
    """An agent that can be stopped and started; `folder` outlives it."""

    folder: Path
    config: str
    port: int = field(default_factory=free_udp_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        program = require("snmpd")
        (self.folder / "snmpd.conf.in").write_text(f"sysName snmpd.test\n{self.config}\n")
        log = self.folder / "log"
        self.process = subprocess.Popen(
            [
                *(program, "-f", "-c", str(self.folder / "snmpd.conf.in"), "-LF", "6", str(log)),
                *("-I", "-smux", f"udp:127.0.0.1:{self.port}"),
            ],
            # Not -C, which would leave out what it keeps, too.
            env={
                "SNMP_PERSISTENT_DIR": str(self.folder),
                "SNMPCONFPATH": str(self.folder),
                "PATH": "/usr/sbin:/usr/bin",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 20
        while not self._answers():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()

    def _answers(self) -> bool:
        """Tell whether it answers the question who is there."""
        message_id = MIN_REQUEST_ID
        asked = Channel(b"", b"", Lock(), EngineClock(0, 0, 0.0)).seal(
            message_id, make_pdu(Pdu.GET, ()).datagram(message_id), 0.0
        )
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.2)
            sock.connect(("127.0.0.1", self.port))
            try:
                sock.send(asked)
                return bool(sock.recv(2000))
            except TimeoutError:
                return False
            except ConnectionRefusedError:
                time.sleep(0.02)
                return False

    def stop(self) -> None:
        """End it as systemd would: it writes its boots."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            self.process = None

    def forget(self) -> None:
        """Remove what it has kept: its next boots is 1 again."""
        for kept in self.folder.glob("snmpd.conf"):
            kept.unlink()

    def rename(self, before: str, after: str) -> None:
        """Come back with another line of configuration, and nothing kept."""
        self.stop()
        self.forget()
        self.config = self.config.replace(before, after)
        self.start()

    def device(self, wanted: sdk.Credential) -> sdk.Device:
        """Return the device as collectors see it."""
        return sdk.Device("host", "127.0.0.1", self.port, wanted)
