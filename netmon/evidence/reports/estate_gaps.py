"""What the files name and nobody measured, and what was measured and no file names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from netmon.evidence.inputs.book import ContractBook
from netmon.evidence.inputs.files import Inputs
from netmon.evidence.reports.estate_model import Gap
from netmon.evidence.sources.source import Line


def gaps(lines: Sequence[Line], inputs: Inputs, first: date, last: date) -> Iterator[Gap]:
    """Yield each thing that one side alone knows: it is in no figure, and no figure is 0 for it."""
    sites = {line.site for line in lines}
    for site in unmeasured_sites(sites, inputs):
        yield Gap("site", site, "in sites.csv, and not measured in this period: nothing is known of it")
    for site in sorted(sites - inputs.sites.keys()):
        yield Gap("site", site, "measured, and not in sites.csv: its users and hours are not known")
    yield from _circuits(lines, inputs, first, last)
    for upgrade in inputs.upgrades:
        if upgrade.site not in sites:
            yield Gap(
                "upgrade", f"{upgrade.site} {upgrade.cutover}", "its site was not measured in this period"
            )


def _circuits(lines: Sequence[Line], inputs: Inputs, first: date, last: date) -> Iterator[Gap]:
    measured = Counter(line.circuit for line in lines)
    judged = Counter(
        line.circuit
        for line in lines
        if _held(line.circuit, inputs.contracts.at(line.site, line.circuit), first, last)
    )
    for circuit in inputs.contracts.circuits:
        if circuit not in measured and _held(circuit, inputs.contracts, first, last):
            words = "in contracts.csv, and not measured in this period: paid for, not judged"
            yield Gap("circuit", circuit, words)
    for circuit, count in sorted(measured.items()):
        if count > 1:
            words = f"measured at {count} sites, and judged at {judged[circuit]}: give each its own id"
            yield Gap("circuit", circuit, words)
        elif not judged[circuit]:
            elsewhere = _held(circuit, inputs.contracts, first, last)
            why = "contracts.csv has it at another site" if elsewhere else "without terms in contracts.csv"
            words = f"measured, and {why}: it is not judged"
            yield Gap("circuit", circuit, words)


def unmeasured_sites(sites: Iterable[str], inputs: Inputs) -> Sequence[str]:
    """Return the sites of the files that were not measured."""
    return sorted(inputs.sites.keys() - set(sites))


def _held(circuit: str, contracts: ContractBook, first: date, last: date) -> bool:
    return any(part.terms for part in contracts.stretches(circuit, first, last))
