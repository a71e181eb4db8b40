"""`[traps]`: listen to what devices send unasked; without the table nobody listens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from pydantic import Field, JsonValue, PlainValidator

from netmon.config.section import Problem, Section
from netmon.config.values import Name, endpoint, is_address

SYSTEMD: Final = "systemd"
"""What `listen` says for a socket that systemd hands over."""
_PORT: Final = 1162
_FIRST_UNPRIVILEGED: Final = 1024


def _listen(text: object) -> str:
    if text == SYSTEMD:
        return SYSTEMD
    found = endpoint(text, _PORT)
    if not is_address(found.host):
        raise ValueError(f"{text!r}: an address of this machine, 0.0.0.0 or [::] for all of them, or systemd")
    return str(found)


class TrapsSection(Section):
    """Where netmon listens for SNMP traps and informs, and whose it takes."""

    listen: Annotated[str, PlainValidator(_listen)] = Field(
        f"127.0.0.1:{_PORT}",
        description="where traps and informs come to; systemd: the socket of netmon-traps.socket",
    )
    credentials: tuple[Name, ...] = Field(
        min_length=1, description="NAMEs of [credential.NAME] whose communities and users are accepted"
    )
    settings: dict[str, JsonValue] = Field(
        {}, description="per_second of a device, all_per_second, aliases (devices by further addresses)"
    )

    def warnings(self) -> Iterator[Problem]:
        """Yield a port that the unit's user may not have."""
        port = 0 if self.listen == SYSTEMD else endpoint(self.listen).port
        if 0 < port < _FIRST_UNPRIVILEGED:
            yield Problem(
                "listen",
                f"port {port} takes privileges that the service does not have",
                f'use {_PORT}, or listen = "{SYSTEMD}" with netmon-traps.socket',
            )
