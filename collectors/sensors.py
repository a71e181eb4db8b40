"""What a device measures about itself and its surroundings: sensors and states, by rules.

One reading per kind of sensor, so that each has its unit; one for states, with words and health.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Final

from collectors.rules.collector import Found, RuleCollector, meant
from collectors.rules.kinds import KINDS, SensorKind
from collectors.rules.labels import Labels, naming
from collectors.rules.meaning import Sensor, State, sensor, state
from collectors.rules.mib_names import CISCO_SENSORS, metrics_of, mib_readings
from collectors.rules.shapes import Shapes
from netmon import sdk

STATES: Final = "sensor_state"
SENSORS: Final = "sensors"
"""Kind of the fact that lists what sensors and states there are."""

HEALTHS: Final = {"unknown": 0, "ok": 1, "warning": 2, "critical": 3}

_STATE: Final = sdk.state("netmon_sensor_state", "State of a component, in the number its own MIB gives it.")
_HEALTH: Final = sdk.state(
    "netmon_sensor_health", "Health of a component: 0 unknown, 1 ok, 2 warning, 3 critical."
)
_WORDS: Final = sdk.info("netmon_sensor_state_info", "State of a component in words.", label="state")


class SensorsCollector(RuleCollector):
    """Reads the sensors and states that vendor files and standards describe."""

    sections = ("sensor", "state")
    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {
        **{kind.measurement: (kind.metric,) for kind in KINDS.values()},
        STATES: (_STATE, _HEALTH, _WORDS),
        **metrics_of(CISCO_SENSORS),
    }

    def __init__(self, assignment: sdk.Assignment, settings: sdk.NoSettings) -> None:
        super().__init__(assignment, settings)
        self._shapes = Shapes(self.metrics)
        self._labels = Labels()

    async def collect(self) -> Sequence[sdk.Record]:
        """Return one reading per kind, one of states, and the fact that lists them."""
        stamp = self.context.clock.stamp()
        tables = await self.found()
        measured = list(_sensors(tables))
        by_kind = {
            kind: self._labels.of(kind.name, [one for one in measured if one.kind is kind])
            for kind in KINDS.values()
        }
        states = self._labels.of(STATES, _states(tables))
        readings = [self._measured(kind, found, stamp) for kind, found in by_kind.items() if found]
        if states:
            readings.append(self._stated(states, stamp))
        readings += mib_readings((CISCO_SENSORS,), tables, self.key, self._shapes, stamp)
        if not self.news:
            return readings
        listed: dict[str, sdk.Json] = {
            "sensors": [entry for kind, found in by_kind.items() for entry in _listed(kind, found)],
            "states": [{**naming(label, one), "oid": one.oid} for label, one in states],
        }
        return [*readings, sdk.Fact(SENSORS, self.key, listed, stamp)]

    def _measured(
        self, kind: SensorKind, found: Sequence[tuple[str, Sensor]], stamp: sdk.Stamp
    ) -> sdk.Reading:
        rows = [sdk.Row((*self.key, ("sensor", label))) for label, _ in found]
        shape = self._shapes.of(kind.measurement, rows)
        return sdk.Reading(shape, stamp, ([one.value for _, one in found],), (sdk.Outcome.OK,) * len(found))

    def _stated(self, found: Sequence[tuple[str, State]], stamp: sdk.Stamp) -> sdk.Reading:
        rows = (
            sdk.Row((*self.key, ("sensor", label)), texts=((_WORDS.name, one.text),)) for label, one in found
        )
        columns = (
            [one.value for _, one in found],
            [HEALTHS[one.health] for _, one in found],
            [1] * len(found),
        )
        return sdk.Reading(
            self._shapes.of(STATES, tuple(rows)), stamp, columns, (sdk.Outcome.OK,) * len(found)
        )


def _sensors(tables: Iterable[Found]) -> Iterator[Sensor]:
    """Yield the sensors; a value that two rules find in one place counts once."""
    seen: set[str] = set()
    for one in meant(tables, lambda table: table.sensor, sensor):
        if (place := f"{one.kind.name} {one.oid}") not in seen:
            seen.add(place)
            yield one


def _states(tables: Iterable[Found]) -> Iterator[State]:
    seen: set[str] = set()
    for found in tables:
        for rule in found.table.state:
            for row in found.rows:
                one = state(rule, row, found.file.states)
                if one is not None and one.oid not in seen:
                    seen.add(one.oid)
                    yield one


def _listed(kind: SensorKind, found: Iterable[tuple[str, Sensor]]) -> Iterator[dict[str, sdk.Json]]:
    for label, one in found:
        yield {"class": kind.name, **naming(label, one), "unit": kind.unit, "oid": one.oid}
