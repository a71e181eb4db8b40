"""All files together: read, checked against each other, and every mistake of all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from netmon.config.wording import nearest
from netmon.errors import ConfigError, Mistake, UsageError
from netmon.evidence.inputs.book import ContractBook, read_contracts
from netmon.evidence.inputs.occasions import Claim, Exclusion, Ticket
from netmon.evidence.inputs.sites import ClosedRow, SiteRow
from netmon.evidence.inputs.table import R, Table, read_table
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.inputs.upgrades import Upgrade

NAMES = ("contracts", "sites", "closed", "upgrades", "exclusions", "tickets", "claims")
_NO_CONTRACTS: Table[Terms] = Table("contracts.csv", (), ())
_MOST_BYTES = 64_000_000


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the centre knows; a file that was not given is empty."""

    contracts: ContractBook = field(default_factory=lambda: ContractBook(()))
    sites: Mapping[str, SiteRow] = field(default_factory=dict)
    closed: tuple[ClosedRow, ...] = ()
    upgrades: tuple[Upgrade, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    tickets: tuple[Ticket, ...] = ()
    claims: tuple[Claim, ...] = ()
    remarks: tuple[str, ...] = ()
    """What was written elsewhere, and is not in these rows, with the reason."""

    def at(self, site: str, circuit: str) -> Inputs:
        """Return what is known of a circuit as it is measured at a site.

        A circuit of the same name whose terms all name other sites is another line: nothing that was
        written of it, tickets and claims included, holds here.
        """
        here = self.contracts.at(site, circuit)
        if circuit in here.circuits or circuit not in self.contracts.circuits:
            return replace(self, contracts=here)
        return replace(
            self,
            contracts=here,
            exclusions=tuple(one for one in self.exclusions if one.circuit != circuit),
            tickets=tuple(one for one in self.tickets if one.circuit != circuit),
            claims=tuple(one for one in self.claims if one.circuit != circuit),
        )


def read_folder(folder: Path) -> Inputs:
    """Read contracts.csv, sites.csv and so on from a folder; ConfigError with every mistake.

    UsageError where there is no such folder: a slip of the pen would be a report without any contract.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: name the one with contracts.csv and sites.csv")
    texts: dict[str, str] = {}
    mistakes = []
    for name in NAMES:
        path = folder / f"{name}.csv"
        try:
            if path.stat().st_size > _MOST_BYTES:
                mistakes.append(Mistake(path.name, "file", "is larger than 64 MB"))
                continue
            texts[name] = path.read_text("utf-8-sig")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            mistakes.append(Mistake(path.name, "file", f"cannot be read: {error}", "save it as CSV in UTF-8"))
    return read_texts(texts, mistakes)


def read_texts(texts: Mapping[str, str], mistakes: Iterable[Mistake] = ()) -> Inputs:
    """Return what the files say, by their names without ending; ConfigError with every mistake."""
    found = list(mistakes)

    def table(name: str, model: type[R]) -> Table[R]:
        if name not in texts:
            return Table(f"{name}.csv", (), ())
        read = read_table(f"{name}.csv", texts[name], model)
        found.extend(read.mistakes)
        return read

    contracts = read_contracts("contracts.csv", texts["contracts"]) if "contracts" in texts else _NO_CONTRACTS
    found.extend(contracts.mistakes)
    sites, closed, upgrades = table("sites", SiteRow), table("closed", ClosedRow), table("upgrades", Upgrade)
    exclusions, tickets = table("exclusions", Exclusion), table("tickets", Ticket)
    claims = table("claims", Claim)
    found.extend(_twice(sites, "site", lambda row: row.site))
    found.extend(
        _twice(claims, "reference", lambda row: f"{row.reference} of {row.circuit} for {row.period}")
    )
    found.extend(_twice(upgrades, "cutover", lambda row: f"{row.circuit} on {row.cutover}"))
    if contracts.lines and not found:
        named = [
            *((exclusions.file, line.number, line.row.circuit) for line in exclusions.lines),
            *((tickets.file, line.number, line.row.circuit) for line in tickets.lines),
            *((claims.file, line.number, line.row.circuit) for line in claims.lines),
        ]
        found.extend(_unknown_circuits(named, {row.circuit for row in contracts.rows}))
    if found:
        raise ConfigError(tuple(found))
    return Inputs(
        ContractBook(contracts.rows),
        {row.site: row for row in sites.rows},
        tuple(closed.rows),
        tuple(upgrades.rows),
        tuple(exclusions.rows),
        tuple(tickets.rows),
        tuple(claims.rows),
    )


def _twice(table: Table[R], column: str, name: Callable[[R], str]) -> Iterator[Mistake]:
    """Yield rows that are there already: money and costs would count twice."""
    seen: dict[str, int] = {}
    for line in table.lines:
        told = name(line.row)
        if told in seen:
            where, hint = f'line {line.number}, column "{column}"', f"one line for each {column}"
            yield Mistake(table.file, where, f"{told} is on line {seen[told]} already", hint)
        seen.setdefault(told, line.number)


def _unknown_circuits(named: Iterable[tuple[str, int, str]], circuits: set[str]) -> Iterator[Mistake]:
    for file, number, name in named:
        if name not in circuits:
            where = f'line {number}, column "circuit"'
            yield Mistake(file, where, f'unknown circuit "{name}"', nearest(name, circuits))
