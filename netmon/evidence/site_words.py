"""What people wrote at a site, as rows of the centre's files: `netmon incident ticket` and `exclude`.

The centre's files win: a ticket that is in tickets.csv, or time that exclusions.csv speaks of, is not taken
from here. What is left out is told, and each row says in `origin` where it came from. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from netmon.evidence.inputs.book import ContractBook
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.inputs.occasions import Exclusion, Ticket
from netmon.evidence.inputs.table import read_cells
from netmon.evidence.seal.canonical import RecordJson
from netmon.evidence.written import Incident, Written, incidents, moment, spoken, written
from netmon.incidents.incident import ACCESS, Level
from netmon.model import Event

_MINUTE_MS = 60_000
_MAINS = "mains"
Cells = Mapping[str, str]
"""A row as the centre would have written it: what is not known is left out."""


@dataclass(frozen=True, slots=True)
class SiteWords:
    """Rows that the site's records make, as cells too, and in words what is left out and why."""

    exclusions: tuple[Exclusion, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    left_out: tuple[str, ...] = ()
    cells: Mapping[str, tuple[Cells, ...]] = field(default_factory=dict)
    """The same rows by the name of their file."""

    def of(self, circuit: str) -> SiteWords:
        """Return what is of one line."""
        return replace(
            self,
            exclusions=tuple(one for one in self.exclusions if one.circuit == circuit),
            tickets=tuple(one for one in self.tickets if one.circuit == circuit),
            cells={
                name: tuple(row for row in rows if row["circuit"] == circuit)
                for name, rows in self.cells.items()
            },
        )


def with_site_words(inputs: Inputs, events: Iterable[Event]) -> Inputs:
    """Return the centre's files with what events of kinds `incident` and `incident_record` add to them."""
    return merged(inputs, site_words(inputs, spoken(events)))


def sealed_words(inputs: Inputs, records: Iterable[RecordJson]) -> SiteWords:
    """Return the rows that sealed records add."""
    return site_words(inputs, written(records))


def merged(inputs: Inputs, words: SiteWords) -> Inputs:
    """Add rows to the centre's files."""
    return replace(
        inputs,
        exclusions=(*inputs.exclusions, *words.exclusions),
        tickets=(*inputs.tickets, *words.tickets),
        remarks=(*inputs.remarks, *words.left_out),
    )


def site_words(inputs: Inputs, told: Iterable[Written]) -> SiteWords:
    """Return the rows that are to be added; the same records in any order, or told twice, make the same."""
    records = sorted(set(told), key=lambda one: (one.wall_ms, one.incident, one.text))
    known, found = incidents(records), _Found(inputs)
    for record in records:
        if record.action in ("ticket", "exclude"):
            found.take(record, known.get(record.incident))
    exclusions, tickets = list(found.admitted_exclusions()), list(found.admitted_tickets())
    return SiteWords(
        tuple(row for row, _ in exclusions),
        tuple(row for row, _ in tickets),
        tuple(dict.fromkeys(found.left_out)),
        {
            "exclusions.csv": tuple(cells for _, cells in exclusions),
            "tickets.csv": tuple(cells for _, cells in tickets),
        },
    )


@dataclass(slots=True)
class _Found:
    inputs: Inputs
    exclusions: dict[str, Cells] = field(default_factory=dict)
    tickets: dict[str, Cells] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def take(self, record: Written, incident: Incident | None) -> None:
        """Keep what one record says, for each line that it is about."""
        if incident is None:
            self._leave(record, f"of incident {record.incident} no record is here")
            return
        circuits = lines_of(incident, self.inputs.contracts)
        if not circuits:
            self._leave(record, "no contract names the line that the incident is of")
        elif record.action == "ticket" and len(circuits) > 1:
            self._leave(record, f"the site has {len(circuits)} lines: write it to the incident of the line")
        elif record.action == "ticket" and incident.condition != ACCESS:
            self._leave(record, "a line's supplier answers for no mains")
        elif record.action == "ticket":
            self._ticket(record, circuits[0])
        else:
            for circuit in circuits:
                self._exclusion(record, incident, circuit)

    def admitted_tickets(self) -> Iterator[tuple[Ticket, Cells]]:
        """Yield the tickets that are right and that the centre's file does not have."""
        there = {(one.circuit, one.reference.casefold()) for one in self.inputs.tickets}
        for name, cells in self.tickets.items():
            row = read_cells(Ticket, cells)
            if isinstance(row, str) or (row.circuit, row.reference.casefold()) in there:
                self._refuse(name, cells, row if isinstance(row, str) else "tickets.csv has it")
            else:
                yield row, cells

    def admitted_exclusions(self) -> Iterator[tuple[Exclusion, Cells]]:
        """Yield the exclusions that are right, of time that the centre's file does not speak of."""
        for name, cells in self.exclusions.items():
            row = read_cells(Exclusion, cells)
            if isinstance(row, str) or any(_overlap(row, one) for one in self.inputs.exclusions):
                told = row if isinstance(row, str) else "exclusions.csv speaks of these minutes"
                self._refuse(name, cells, told)
            else:
                yield row, cells

    def _ticket(self, record: Written, circuit: str) -> None:
        """Keep a ticket; the same one may be written again when it is cleared."""
        name = f"ticket {record.text_of('ticket')} of {circuit}"
        opened, cleared = record.moment_of("opened"), record.moment_of("cleared")
        before = self.tickets.get(name, {})
        cells = {
            "circuit": circuit,
            "reference": record.text_of("ticket"),
            # Who does not say when it was raised has raised it by when he wrote it down.
            "raised": opened or before.get("raised") or moment(record.wall_ms),
            "closed": cleared or before.get("closed", ""),
            "origin": before.get("origin") or record.origin,
        }
        self.tickets[name] = {column: cell for column, cell in cells.items() if cell}

    def _exclusion(self, record: Written, incident: Incident, circuit: str) -> None:
        minutes = record.data.get("minutes")
        end_ms = incident.ended_ms
        if isinstance(minutes, int) and not isinstance(minutes, bool) and minutes > 0:
            end_ms = incident.started_ms + minutes * _MINUTE_MS
        if not incident.synced:
            self._leave(record, "the clock was not right when the incident began")
        elif end_ms is None:
            self._leave(record, "the incident goes on: when it ends, the whole of it is known")
        elif not record.text_of("cause"):
            self._leave(record, "it does not say which cause of the contract it is: write it with --cause")
        else:
            reference = f"incident {record.incident}: {record.text_of('reason')}"
            cells = {
                "circuit": circuit,
                "from": moment(incident.started_ms),
                "to": moment(end_ms),
                "cause": record.text_of("cause"),
                "announced": record.moment_of("announced"),
                "agreed_by": record.text_of("agreed_by"),
                "reference": reference,
                "origin": record.origin,
            }
            name = f"exclusion of incident {record.incident} on {circuit}"
            self.exclusions[name] = {column: cell for column, cell in cells.items() if cell}

    def _refuse(self, name: str, cells: Cells, why: str) -> None:
        self.left_out.append(f"{name}, {cells['origin']}: {why}")

    def _leave(self, record: Written, why: str) -> None:
        self.left_out.append(f"{record.action} of {record.origin}: {why}")


def _overlap(one: Exclusion, other: Exclusion) -> bool:
    (first, end), (others_first, others_end) = one.minutes, other.minutes
    return one.circuit == other.circuit and first < others_end and others_first < end


def lines_of(incident: Incident, contracts: ContractBook) -> list[str]:
    """Return the circuits that an incident is of: the line itself, or the site's, as contracts name them.

    None for what is wrong with something else: a service, a device, a supplier's other sites.
    """
    if incident.condition not in (ACCESS, _MAINS):
        return []
    if incident.level == Level.CIRCUIT:
        return [incident.name] if incident.name in contracts.circuits else []
    return list(contracts.of_site(incident.site)) if incident.level == Level.SITE else []
