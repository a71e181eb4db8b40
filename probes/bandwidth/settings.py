"""What may be set about bandwidth tests, and what does not fit together."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from netmon import sdk
from probes.bandwidth.measured import Direction
from probes.bandwidth.place import parse_place
from probes.target import Family
from probes.train import check_range


class Kind(StrEnum):
    """The methods."""

    NDT7 = "ndt7"
    HTTP = "http"
    IPERF3 = "iperf3"
    TRAINS = "trains"
    PASSIVE = "passive"


THRIFTY = frozenset({Kind.TRAINS, Kind.PASSIVE})
"""What a metered circuit may be tested with."""
DIRECTIONS = {
    "both": (Direction.DOWN, Direction.UP),
    "down": (Direction.DOWN,),
    "up": (Direction.UP,),
}
_SHORTEST_SECONDS = 0.2


class BandwidthSettings(sdk.Settings):
    """`method` and `directions`; the hard ends `duration` and `max_bytes` of each direction.

    `streams` are connections at once (http, iperf3). `until_steady` ends a test when half a second's rate
    is steady. `latency` measures round trips before and beside the test, which then takes all of
    `duration`; `buffer` fills the buffer to see its depth (trains). `token_file` holds the far end's token.
    """

    method: Kind = Kind.NDT7
    directions: Literal["both", "down", "up"] = "both"
    duration: sdk.Seconds = 10.0
    max_bytes: sdk.Bytes = 300_000_000
    streams: int = 4
    until_steady: bool = True
    latency: Literal["none", "icmp", "stamp"] = "none"
    buffer: bool = False
    token_file: str = ""
    verify: bool = True
    family: Family = "any"
    download_path: str = "garbage.php?ckSize=1024"
    upload_path: str = "empty.php"


def check(assignment: sdk.Assignment, settings: BandwidthSettings) -> None:
    """Raise UsageError for settings and targets that cannot work."""
    check_range(assignment, "streams", settings.streams, 1, 16)
    check_range(assignment, "max_bytes", settings.max_bytes, 100_000, 20_000_000_000)
    if not _SHORTEST_SECONDS <= settings.duration <= 60:
        raise sdk.UsageError(f"{assignment.name}: duration is from {_SHORTEST_SECONDS:g} s to 60 s")
    if settings.buffer and settings.method is not Kind.TRAINS:
        raise sdk.UsageError(f'{assignment.name}: the buffer\'s depth takes method = "trains"')
    if settings.method is Kind.PASSIVE:
        return
    for target in assignment.targets:
        url = parse_place(target)
        if url.secure and settings.method is Kind.HTTP:
            raise sdk.UsageError(
                f"{assignment.name}: {target}: TLS keeps the kernel from counting alone; use ndt7, or http://"
            )


def share_seconds(assignment: sdk.Assignment, settings: BandwidthSettings) -> float:
    """Return how long one direction may take, so that all targets and directions fit into the timeout."""
    tests = len(assignment.targets) * len(DIRECTIONS[settings.directions])
    idle_seconds = 2.0 * len(assignment.targets) if settings.latency != "none" else 0.0
    return min(
        settings.duration, max((assignment.timeout_seconds - idle_seconds) * 0.9 / tests, _SHORTEST_SECONDS)
    )
