"""`netmon evidence`: seal what was measured, pack a claim, check a pack, work its figures out again."""

from __future__ import annotations

import json
import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from netmon.cli.evidence_centre import add_chain, pack_from_centre
from netmon.clock import Clock, SystemClock
from netmon.errors import UsageError
from netmon.evidence.inputs.files import NAMES, read_folder
from netmon.evidence.issue import issue, parse_month
from netmon.evidence.seal.feed import seal_history
from netmon.evidence.seal.folder import SealFolder
from netmon.evidence.seal.pack import PackError, open_pack
from netmon.evidence.seal.pack_check import PackReport, check_pack
from netmon.evidence.seal.roots import DayRoot, parse_day_root
from netmon.evidence.seal.signing import fingerprint
from netmon.evidence.seal.verify import daily
from netmon.evidence.standalone.command import WRONG
from netmon.evidence.standalone.recompute import recompute
from netmon.sdk import Command, clean
from netmon.store.folder import state_directory
from netmon.store.reader import open_reader


class EvidenceCommand(Command):
    """Deal with evidence that others can check."""

    summary = "seal, pack, verify and recompute evidence"

    def __init__(self, clock: Clock | None = None, environ: Mapping[str, str] = os.environ) -> None:
        self._clock, self._environ = clock or SystemClock(), environ

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare the actions."""
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
        verify = actions.add_parser("verify", help="hashes, chain, signatures, and outside roots")
        verify.add_argument("pack", type=Path)
        verify.add_argument("--root", type=Path, metavar="FILE", help="your own copy of the daily roots")
        check = actions.add_parser("check", help="the centre's files: every mistake at once, with its line")
        check.add_argument("inputs", type=Path, metavar="DIR", help="folder of contracts.csv and others")
        again = actions.add_parser("recompute", help="every figure again, by the second program")
        again.add_argument("pack", type=Path)
        for name, words in (
            ("seal", "seal finished hours (site)"),
            ("roots", "print the daily roots (site)"),
        ):
            own = actions.add_parser(name, help=words)
            own.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")
            own.add_argument("--site", required=name == "seal", help="id of the site")
        pack = actions.add_parser("pack", help="a claim with all its records")
        add_chain(pack)
        pack.add_argument(
            "--inputs", metavar="DIR", type=Path, required=True, help="contracts.csv and others"
        )
        pack.add_argument("--circuit", required=True)
        pack.add_argument("--month", required=True, metavar="2026-03")
        pack.add_argument("--output", type=Path, required=True, metavar="FILE")
        for action in actions.choices.values():
            action.add_argument("--json", action="store_true", default=SUPPRESS, help="one JSON document")

    def run(self, options: Namespace) -> int:
        """Do it; exit code 1 when a pack does not hold."""
        actions: Mapping[str, Callable[[Namespace], int]] = {
            "check": _check,
            "verify": _verify,
            "recompute": _recompute,
            "seal": self._seal,
            "roots": _roots,
            "pack": self._pack,
        }
        return actions[options.action](options)

    def _seal(self, options: Namespace) -> int:
        folder = _folder(options)
        with closing(open_reader(options.state or state_directory())) as reader:
            hours = seal_history(reader, folder, options.site, self._clock.wall_ns() // 1_000_000)
        told = {"hours": hours, "records": folder.standing.tip.seq, "key": fingerprint(folder.signer.public)}
        _tell(told, as_json=options.json)
        return 0

    def _pack(self, options: Namespace) -> int:
        if options.influxdb:
            made = pack_from_centre(options, self._environ, self._clock.wall_ns() // 1_000_000)
        else:
            made = issue(_folder(options), options.inputs, options.circuit, parse_month(options.month))
        options.output.write_bytes(made)
        _tell({"pack": str(options.output), "bytes": len(made)}, as_json=options.json)
        return 0


def _check(options: Namespace) -> int:
    found = read_folder(options.inputs)
    rows = {name: len(getattr(found, name)) for name in NAMES if name != "contracts"}
    _tell({"circuits": len(found.contracts.circuits), **rows}, as_json=options.json)
    return 0


def _roots(options: Namespace) -> int:
    for day in daily(_folder(options).roots()):
        sys.stdout.write(day.line() + "\n")
    return 0


def _verify(options: Namespace) -> int:
    report = check_pack(open_pack(options.pack), _outside(options.root) if options.root else ())
    if options.json:
        _tell({"holds": not report.faults, **asdict(report)}, as_json=True)
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _words(report)))
    return 1 if report.faults else 0


def _words(report: PackReport) -> list[str]:
    anchoring = report.anchoring
    behind = f"{anchoring.unanchored_hours} of {report.hours} hours have no outside root behind them"
    return [
        *(clean(str(fault)) for fault in report.faults),
        f"{report.absent_hours} hours of the month are not in the pack",
        f"{report.records} records in {report.hours} hours, signed by {report.site_key}",
        f"issued by {report.issuer}: compare both keys with your notes",
        f"{anchoring.days} days agree with the outside roots; {behind}",
        "the pack does NOT hold" if report.faults else "the pack holds",
    ]


def _recompute(options: Namespace) -> int:
    faults = check_pack(open_pack(options.pack)).faults
    if faults:
        raise PackError(f"the pack does not hold, so that its figures mean nothing: {faults[0]}")
    try:
        found = recompute(options.pack)
    except WRONG as error:
        raise PackError(f"the pack holds, and is not as it should be: {error!r}") from error
    _tell({"differences": found, "follows": not found}, as_json=options.json)
    return 1 if found else 0


def _outside(path: Path) -> list[DayRoot]:
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    found = [root for line in lines if (root := parse_day_root(line)) is not None]
    if not found:
        raise UsageError(f'{path} holds no line that begins with "netmon-root"')
    return found


def _folder(options: Namespace) -> SealFolder:
    return SealFolder((options.state or state_directory()) / "evidence")


def _tell(told: Mapping[str, object], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(told, default=str) + "\n")
        return
    for name, value in told.items():
        sys.stdout.write(f"{name}: {value}\n")
