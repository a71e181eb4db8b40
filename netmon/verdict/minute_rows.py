"""The rows of a minute: a circuit's, the site's, and those of sites that are looked at from here."""

from __future__ import annotations

from collections.abc import Sequence

from netmon.model import Fault, Labels, SlotState, Value
from netmon.model.derived import CIRCUIT_MINUTE, FAULT_NUMBERS, SITE_MINUTE
from netmon.model.metric import Kind
from netmon.verdict.book import TRAINS, Book
from netmon.verdict.faults import Judgement
from netmon.verdict.scene import Scene, use
from netmon.verdict.slots import Slot
from netmon.verdict.tally import coverage_ratio, percentile
from netmon.verdict.told import METRICS, STATE_NUMBERS, MinuteRow

_FAULT = {
    measurement: next(metric.name for metric in METRICS[measurement] if metric.kind is Kind.INFO)
    for measurement in (CIRCUIT_MINUTE, SITE_MINUTE)
}


def circuit_row(site: str, scene: Scene, judgement: Judgement, book: Book, slot: Slot) -> MinuteRow:
    """Return a circuit's row, in the order of the declared metrics."""
    key: Labels = (("site", site), ("circuit", scene.circuit.id if scene.circuit else ""))
    best = scene.best if judgement.state is SlotState.UP else None
    trips = best.trips_seconds if best is not None else ()
    loss = {SlotState.UP: best.loss_ratio if best else None, SlotState.DOWN: 1.0}.get(judgement.state)
    cells: list[Value] = [
        STATE_NUMBERS[judgement.state],
        None if judgement.degraded is None else int(judgement.degraded),
        1,
        FAULT_NUMBERS[judgement.fault],
        coverage_ratio(scene.witnesses),
        *use(scene),
        percentile(trips, 0.5),
        percentile(trips, 0.95),
        loss,
        *_calls(scene, book, slot),
        _under_test(scene, book, slot),
        *_contracted(scene),
    ]
    return MinuteRow(key, {_FAULT[CIRCUIT_MINUTE]: str(judgement.fault)}, cells)


def site_row(site: str, scene: Scene, judgement: Judgement) -> MinuteRow:
    """Return the site's row."""
    poor = None if judgement.degraded is None else int(judgement.degraded)
    fault = FAULT_NUMBERS[judgement.fault]
    cells = [STATE_NUMBERS[judgement.state], poor, 1, fault, coverage_ratio(scene.witnesses)]
    return MinuteRow((("site", site),), {_FAULT[SITE_MINUTE]: str(judgement.fault)}, cells)


def missed_row(measurement: str, key: Labels) -> MinuteRow:
    """Return the row of a minute in which netmon did not run."""
    told = _FAULT[measurement]
    known: dict[str, Value] = {
        told: 1,
        told.removesuffix("_info"): FAULT_NUMBERS[Fault.APPLIANCE],
        told.replace("_fault_info", "_state"): STATE_NUMBERS[SlotState.UNKNOWN],
        told.replace("_fault_info", "_coverage_ratio"): 0.0,
    }
    cells: Sequence[Value] = [known.get(metric.name) for metric in METRICS[measurement]]
    return MinuteRow(key, {told: str(Fault.APPLIANCE)}, cells)


def _calls(scene: Scene, book: Book, slot: Slot) -> tuple[Value, Value]:
    """Return opinion score and quality of calls from the last minute of trains that ended in the slot."""
    best = scene.best
    rows = () if best is None else book.rows[TRAINS, best.key].within(slot)
    if not rows:
        return None, None
    return rows[-1].value("netmon_train_mos"), rows[-1].value("netmon_train_call_quality")


def _under_test(scene: Scene, book: Book, slot: Slot) -> int:
    """Tell whether a test filled the circuit in a slot; one that is tied to none may have filled any."""
    circuit = scene.circuit.id if scene.circuit else ""
    return int(book.loads is not None and book.loads.filled(circuit, slot.start_ns, slot.end_ns - 1))


def _contracted(scene: Scene) -> tuple[Value, Value]:
    """Return the contracted rates towards the site and from it, in bytes per second."""
    if scene.circuit is None:
        return None, None
    rates = scene.circuit.down_bits_per_second, scene.circuit.up_bits_per_second
    down, up = (None if bits is None else bits / 8 for bits in rates)
    return down, up
