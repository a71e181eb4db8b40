"""What may be set about bandwidth tests, and what does not fit together."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from netmon import sdk
from probes.bandwidth.agenda import Fleet, Timetable
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
# What trains take before they refuse, and some for words and for packets that are sent one by one.
_MOST_TRAINS_BYTES = 3_000_000
_WORKING_HOURS = sdk.parse_hours(["Mon-Fri 08:00-18:00"])
_LONGEST_LOOK_SECONDS, _STARTING_SECONDS = 120.0, 5.0


class BandwidthSettings(sdk.Settings):
    """`method` and `directions`; the hard ends `duration` and `max_bytes` of each direction.

    `streams` are connections at once (http, iperf3). `until_steady` ends a test when half a second's rate
    is steady. `latency` measures round trips before and beside the test, which then takes all of
    `duration`; `buffer` fills the buffer to see its depth (trains). `token_file` holds the far end's token;
    `ca_file` the certificates (PEM) of an authority of one's own, which is then the only one trusted.

    The daemon tests at random moments, one in each of `peak_tests` equal parts of the `peak_hours` and of
    `off_peak_tests` parts of the rest of the day; both 0: at every run. `egress_sites` are all sites behind
    the same `egress` (this one too), the same list at each: no two of them test at once, and together they
    have `public_tests_per_day` tests of servers that are not ours (0: the server is ours).
    `most_use_ratio` is the share of the contracted rate from which a line in use is left alone (0: never);
    `all_of_cap` lets a test spend what the circuit keeps in reserve.
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
    ca_file: str = ""
    family: Family = "any"
    download_path: str = "garbage.php?ckSize=1024"
    upload_path: str = "empty.php"
    peak_hours: sdk.HoursOfWeek = _WORKING_HOURS
    peak_tests: int = 6
    off_peak_tests: int = 1
    egress: str = ""
    egress_sites: tuple[str, ...] = ()
    public_tests_per_day: int = 0
    most_use_ratio: float = 0.8
    all_of_cap: bool = False

    @property
    def most_bytes(self) -> int:
        """What one direction may take: of `max_bytes` no more than its method ever needs."""
        if self.method is not Kind.TRAINS or self.buffer:
            return self.max_bytes
        return min(self.max_bytes, _MOST_TRAINS_BYTES)

    def fleet(self, site: str, probe: str, circuit: sdk.Circuit | None) -> Fleet:
        """Return who shares the egress; without a list, this site's line is its own.

        Each probe of a line then has moments of its own; those that meet wait for each other.
        """
        line = " ".join((site, circuit.id if circuit is not None else "", probe))
        public = self.public_tests_per_day or None
        return Fleet(self.egress or line, self.egress_sites or (site,), public)


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
    _check_plan(assignment, settings)
    for target in assignment.targets:
        url = parse_place(target)
        if url.secure and settings.method is Kind.HTTP:
            raise sdk.UsageError(
                f"{assignment.name}: {target}: TLS keeps the kernel from counting alone; use ndt7, or http://"
            )


def _check_plan(assignment: sdk.Assignment, settings: BandwidthSettings) -> None:
    check_range(assignment, "peak_tests", settings.peak_tests, 0, 48)
    check_range(assignment, "off_peak_tests", settings.off_peak_tests, 0, 48)
    check_range(assignment, "public_tests_per_day", settings.public_tests_per_day, 0, 10_000)
    if not 0 <= settings.most_use_ratio <= 1:
        raise sdk.UsageError(f"{assignment.name}: most_use_ratio is from 0 to 1")
    if is_planned(settings) and assignment.every_seconds > _LONGEST_LOOK_SECONDS:
        raise sdk.UsageError(
            f"{assignment.name}: planned tests need a look at the clock every two minutes or more often: set"
            " every to 1m, or peak_tests and off_peak_tests to 0"
        )


def is_planned(settings: BandwidthSettings) -> bool:
    """Tell whether tests have moments of their own."""
    return settings.method is not Kind.PASSIVE and settings.peak_tests + settings.off_peak_tests > 0


def timetable(assignment: sdk.Assignment, settings: BandwidthSettings, timezone: str) -> Timetable:
    """Return the plan's rules; a test may begin as late as the next look at the clock."""
    late_seconds = assignment.every_seconds + _STARTING_SECONDS
    return Timetable(
        timezone,
        settings.peak_hours,
        settings.peak_tests,
        settings.off_peak_tests,
        late_seconds + len(assignment.targets) * assignment.timeout_seconds,
        late_seconds,
    )


def share_seconds(assignment: sdk.Assignment, settings: BandwidthSettings) -> float:
    """Return how long one direction may take, so that all targets and directions fit into the timeout."""
    tests = len(assignment.targets) * len(DIRECTIONS[settings.directions])
    idle_seconds = 2.0 * len(assignment.targets) if settings.latency != "none" else 0.0
    return min(
        settings.duration, max((assignment.timeout_seconds - idle_seconds) * 0.9 / tests, _SHORTEST_SECONDS)
    )
