"""Contracts and sites of the estate of `evidence_year`: three suppliers, a change within the year."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

_CONTRACT = (
    "circuit,from,document,clause,site,supplier,down,up,minimum_down,availability,fix,credits,cap,monthly"
)
_SITES = "site,timezone,service_hours,users,standard_down,per_user"
_CREDITS = '"below 99.9%: 5%; below 99.5%: 10%; per hour over fix: one day"'


def write_inputs(folder: Path, sites: Sequence[str]) -> None:
    """Write the files of so many sites, each with one line."""
    contracts, rows = [_CONTRACT], [_SITES]
    for number, site in enumerate(sites):
        supplier = f"Supplier{'XYZ'[number % 3]}"
        promise = f"{site}-1,{{}},Order {number},4.2,{site},{supplier},100Mbit/s,20Mbit/s,50Mbit/s,99.9%,5h"
        contracts.append(f"{promise.format('2024-04-01')},{_CREDITS},27.5% of quarter,{80 + number}.00")
        if number % 5 == 0:
            contracts.append(f"{promise.format('2026-07-15')},below 99.95%: 10%,,{90 + number}.00")
        rows.append(
            f'{site},Europe/London,"Mon-Fri 08:00-20:00; Sat 09:00-13:00",{10 + number},50Mbit/s,2Mbit/s'
        )
    folder.mkdir()
    (folder / "contracts.csv").write_text("\n".join(contracts) + "\n")
    (folder / "sites.csv").write_text("\n".join(rows) + "\n")
