"""The minutes in which netmon did not run: told afterwards as unknown, never invented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from netmon.model import Event, Json, Labels, Reading, Record, Retention, Stamp
from netmon.model.derived import CIRCUIT_MINUTE, SITE_MINUTE
from netmon.verdict.minute_rows import missed_row
from netmon.verdict.slots import MINUTE_NS
from netmon.verdict.told import Shapes
from netmon.verdict.view import Watch

EVENT = "netmon_off"
MOST_MINUTES = 31 * 24 * 60
"""What lies further back stays without rows, which every reader counts as unknown, too."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Minutes between the last one that was told and the first one of this start."""

    last: Stamp
    first: Stamp
    minutes: int
    rebooted: bool

    def stamps(self) -> Iterator[Stamp]:
        """Yield the stamps of the missing minutes, the newest `MOST_MINUTES` of them, oldest first.

        They go on from the last one that was told, by the boot that it belongs to.
        """
        for number in range(max(1, self.minutes - MOST_MINUTES + 1), self.minutes + 1):
            yield Stamp(
                self.last.boot_id,
                self.last.boottime_ns + number * MINUTE_NS,
                self.last.wall_ms + number * MINUTE_NS // 1_000_000,
                self.last.synced,
            )


def gap_between(last: Stamp, first: Stamp) -> Gap | None:
    """Return the gap before the minute `first`; None when wall clocks would have to tell and cannot.

    Within one boot CLOCK_BOOTTIME tells, whatever was done to the wall clock.
    """
    if last.boot_id == first.boot_id:
        elapsed_ns = first.boottime_ns - last.boottime_ns
    elif last.synced and first.synced:
        elapsed_ns = (first.wall_ms - last.wall_ms) * 1_000_000
    else:
        return None
    return Gap(last, first, max(0, round(elapsed_ns / MINUTE_NS) - 1), last.boot_id != first.boot_id)


class OffTime:
    """Makes the records of a gap."""

    def __init__(self, watch: Watch) -> None:
        self._site: Labels = (("site", watch.site),)
        self._circuits: Sequence[Labels] = [(*self._site, ("circuit", name)) for name in watch.circuits]
        self._shapes = Shapes()

    def minute(self, stamp: Stamp) -> list[Reading]:
        """Return one missing minute."""
        rows = [missed_row(CIRCUIT_MINUTE, key) for key in self._circuits]
        circuits = [self._shapes.reading(CIRCUIT_MINUTE, rows, stamp)] if rows else []
        return [*circuits, self._shapes.reading(SITE_MINUTE, [missed_row(SITE_MINUTE, self._site)], stamp)]

    def event(self, gap: Gap, now: Stamp) -> Record:
        """Return what is said of the gap as a whole."""
        how = "the appliance restarted" if gap.rebooted else "netmon restarted"
        plural = "" if gap.minutes == 1 else "s"
        text = f"nothing was measured for {gap.minutes} minute{plural}: {how}"
        data: dict[str, Json] = {
            "minutes": gap.minutes,
            "rebooted": gap.rebooted,
            "after": _plain(gap.last),
            "before": _plain(gap.first),
        }
        return Event(EVENT, self._site, text, now, data, Retention.EVIDENCE)


def _plain(stamp: Stamp) -> list[Json]:
    return [stamp.boot_id, stamp.boottime_ns, stamp.wall_ms, stamp.synced]
