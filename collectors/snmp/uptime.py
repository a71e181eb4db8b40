"""Did a device restart between two polls? sysUpTime wraps after 497 days, so a fall alone proves nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

_WRAP: Final = 2**32
_SLACK_SECONDS: Final = 30.0
_DRIFT: Final = 0.01
"""How far a device's clock may run from ours, as a share of the time between the polls."""


class EngineAge(NamedTuple):
    """snmpEngineBoots, and snmpEngineTime in seconds since the last of them (RFC 3411 section 5)."""

    boots: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Uptime:
    """SysUpTime in hundredths of a second, and when it was read (monotonic seconds).

    `engine` is None where the device does not offer it.
    """

    hundredths: int
    at_seconds: float
    engine: EngineAge | None = None


def restarted(before: Uptime, after: Uptime) -> bool:
    """Tell whether the device, or its SNMP agent, started again between two readings.

    Where the engine tells its age, that decides: it does not wrap for 68 years. Else a fall is a
    restart unless it lands where our own monotonic clock says that sysUpTime wraps to; and a value that
    grew is one when the device has been up for less time than has passed since the last reading.
    """
    elapsed = after.at_seconds - before.at_seconds
    slack = _SLACK_SECONDS + _DRIFT * elapsed
    if before.engine is not None and after.engine is not None:
        if before.engine.boots != after.engine.boots:
            return True
        return after.engine.seconds < max(before.engine.seconds, elapsed - slack)
    if after.hundredths >= before.hundredths:
        return after.hundredths < 100 * (elapsed - slack)
    expected = before.hundredths + 100 * elapsed
    return abs(after.hundredths + _WRAP - expected) > 100 * slack
