"""Everything that minutes are decided from, kept until they are: a subscriber that may not wait."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from netmon.latest import LatestRow
from netmon.model import Event, Outcome, Reading, Record, Row, Shape, SlotState
from netmon.model.derived import OUTSIDE_MINUTE, OUTSIDE_STATE, RUN
from netmon.sdk import LineLoads
from netmon.verdict.port import PortLook, look_of
from netmon.verdict.power import on_battery
from netmon.verdict.sample import Sample, SampleColumns, TargetKey, failed_run
from netmon.verdict.timeline import Timeline, Timelines
from netmon.verdict.view import Watch, WatchedProbe

EGRESS_TEXT = "netmon_egress_circuit_info"
TRAINS, PATH, HOP, STAMP = "train_minute", "path", "path_hop", "stamp"
_STATES = {1: SlotState.UP, 0: SlotState.DOWN}


class Book:
    """What probes, ports, devices and this machine said, by thing, for the minute that runs."""

    def __init__(self, loads: LineLoads | None = None) -> None:
        self.loads = loads
        """When tests filled which circuit; None: nobody tests."""
        self.watch = Watch("", "")
        self.samples: Timelines[TargetKey, Sample] = Timelines()
        self.egress: Timelines[str, str] = Timelines()
        """By the circuit that the asking probe is bound to (empty: to none): whose address it came from."""
        self.ports: Timelines[str, PortLook] = Timelines()
        """By circuit."""
        self.devices: Timelines[str, bool] = Timelines()
        self.restarts: Timelines[str, float] = Timelines()
        """By device: when it restarted, and again when that was noticed."""
        self.batteries: Timelines[str, bool] = Timelines()
        """By device: whether it runs on its battery."""
        self.rows: Timelines[tuple[str, TargetKey], LatestRow] = Timelines()
        """Rows of trains' minutes and of paths, as they are."""
        self.hops: Timelines[TargetKey, Reading] = Timelines()
        self.carriers: Timeline[bool] = Timeline()
        """Whether any interface of this machine had a link."""
        self.outside: Timeline[SlotState] = Timeline()
        self.newest_ns = 0
        """When anything was said the last time."""
        self._columns: WeakKeyDictionary[Shape, SampleColumns] = WeakKeyDictionary()

    def expect(self, watch: Watch) -> None:
        """Look with another configuration's eyes from now on; what it does not have is forgotten."""
        self.samples.keep(lambda key: key.probe in watch.probes)
        self.hops.keep(lambda key: key.probe in watch.probes)
        self.rows.keep(lambda key: key[1].probe in watch.probes)
        self.ports.keep(lambda circuit: circuit in watch.circuits)
        for devices in (self.devices, self.restarts, self.batteries):
            devices.keep(lambda device: device in watch.devices)
        self.watch = watch

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""
        spoke: set[str] = set()
        for record in records:
            if isinstance(record, Event):
                self._event(record)
            elif isinstance(record, Reading) and record.shape.rows:
                self.newest_ns = max(self.newest_ns, record.stamp.boottime_ns)
                self._reading(record, spoke)

    def forget(self, until_ns: int) -> None:
        """Drop what belongs to minutes that are decided, but for the last word of each thing."""
        for kept in (
            self.samples, self.egress, self.ports, self.devices, self.restarts, self.batteries, self.rows,
            self.hops, self.carriers, self.outside,
        ):  # fmt: skip
            kept.forget(until_ns)

    def _event(self, event: Event) -> None:
        device = dict(event.key).get("device", "")
        if event.kind == "reboot" and device in self.watch.devices:
            seconds = event.data.get("uptime_seconds")
            ago = float(seconds) if isinstance(seconds, int | float) else 0.0
            noticed_ns = event.stamp.boottime_ns
            self.restarts[device].add(noticed_ns - round(ago * 1e9), ago)
            self.restarts[device].add(noticed_ns, ago)

    def _reading(self, reading: Reading, spoke: set[str]) -> None:
        measurement, key = reading.shape.measurement, dict(reading.shape.rows[0].key)
        probe = self.watch.probes.get(key.get("probe", ""))
        if probe is not None:
            self._of_probe(reading, probe, spoke)
        elif measurement == RUN:
            self._run(reading, spoke)
        elif measurement == "interface":
            self._interfaces(reading, key.get("device", ""))
        elif measurement == "host_interface":
            self._carriers(reading)
        elif measurement == OUTSIDE_MINUTE:
            self._outside(reading)
        elif key.get("device", "") in self.watch.devices:
            found = on_battery(reading)
            if found is not None:
                batteries = self.batteries[key["device"]]
                batteries.add(reading.stamp.boottime_ns, found)

    def _of_probe(self, reading: Reading, probe: WatchedProbe, spoke: set[str]) -> None:
        measurement = reading.shape.measurement
        if measurement == HOP:
            self.hops[_key(reading.shape.rows[0])].add(reading.stamp.boottime_ns, reading)
        elif measurement in (TRAINS, PATH):
            for at, row in enumerate(reading.shape.rows):
                rows = self.rows[measurement, _key(row)]
                rows.add(reading.stamp.boottime_ns, LatestRow(row, at, reading))
        elif measurement == probe.kind:
            spoke.add(probe.name)
            self._samples(reading, probe)

    def _samples(self, reading: Reading, probe: WatchedProbe) -> None:
        shape, at_ns = reading.shape, reading.stamp.boottime_ns
        columns = self._columns.get(shape)
        if columns is None:
            columns = self._columns[shape] = SampleColumns(shape)
        for at, row in enumerate(shape.rows):
            labels = dict(row.key)
            carried = labels.get("circuit", "") or probe.circuit
            key = TargetKey(probe.name, labels.get("target", ""), labels.get("family", ""))
            self.samples[key].add(at_ns, columns.sample(reading, at, carried))
            if probe.kind == STAMP:
                self.rows[STAMP, key].add(at_ns, LatestRow(row, at, reading))
            told = dict(row.texts).get(EGRESS_TEXT)
            if told is not None:
                self.egress[carried].add(at_ns, told if told in self.watch.circuits else "")

    def _run(self, reading: Reading, spoke: set[str]) -> None:
        at_ns = reading.stamp.boottime_ns
        for row, outcome in zip(reading.shape.rows, reading.outcomes, strict=True):
            labels = dict(row.key)
            probe, target = self.watch.probes.get(labels.get("name", "")), labels.get("target", "")
            device = self.watch.devices.get(target)
            if probe is not None and probe.kind == labels.get("source") and probe.name not in spoke:
                timeline = self.samples[TargetKey(probe.name, target)]
                timeline.add(at_ns, failed_run(probe.circuit, outcome))
            elif device is not None and labels.get("source") in device.sources:
                sample = failed_run("", outcome)
                if sample.asked:
                    answers = sample.heard and outcome is not Outcome.REFUSED
                    self.devices[target].add(at_ns, answers)

    def _interfaces(self, reading: Reading, device: str) -> None:
        wanted = {c.wan_interface: c.id for c in self.watch.circuits.values() if c.wan_device == device}
        if not wanted:
            return
        for at, row in enumerate(reading.shape.rows):
            circuit = wanted.get(dict(row.key).get("ifName", ""))
            if circuit is not None:
                look = look_of(LatestRow(row, at, reading))
                self.ports[circuit].add(look.at_ns, look)

    def _carriers(self, reading: Reading) -> None:
        rows = (LatestRow(row, at, reading) for at, row in enumerate(reading.shape.rows))
        links = [row.value("netmon_host_network_carrier") for row in rows]
        known = [bool(link) for link in links if link is not None]
        if known:
            self.carriers.add(reading.stamp.boottime_ns, any(known))

    def _outside(self, reading: Reading) -> None:
        for at, row in enumerate(reading.shape.rows):
            if dict(row.key).get("site") == self.watch.site:
                state = reading.cell(at, OUTSIDE_STATE)
                told = SlotState.UNKNOWN if state is None else _STATES.get(int(state), SlotState.UNKNOWN)
                self.outside.add(reading.stamp.boottime_ns, told)


def _key(row: Row) -> TargetKey:
    labels = dict(row.key)
    return TargetKey(labels.get("probe", ""), labels.get("target", ""), labels.get("family", ""))
