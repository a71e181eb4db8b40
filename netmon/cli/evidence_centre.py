"""Where a claim's chain is read from: the site's folder, or the centre's database when that is gone."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from netmon.cli.report_source import add_influxdb, influx_settings
from netmon.errors import UsageError
from netmon.evidence.issue import issue_from, parse_month
from netmon.evidence.seal.signing import open_key


def add_chain(parser: ArgumentParser) -> None:
    """Declare the two places, and what the second one needs."""
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--state", metavar="DIR", type=Path, help="state folder that holds the chain")
    add_influxdb(parser, one)
    parser.add_argument("--site", help="with --influxdb: id of the site whose chain is made again")
    parser.add_argument(
        "--issuer",
        metavar="FILE",
        type=Path,
        help="with --influxdb: the centre's own key that signs the pack, as the site's is gone; made when it"
        " is not there",
    )
    parser.add_argument(
        "--site-key", metavar="HEX", default="", help="with --influxdb: which of several keys of the site"
    )


def pack_from_centre(options: Namespace, environ: Mapping[str, str], now_ms: int) -> bytes:
    """Return the pack of a chain that is made again; hours that do not fit their signed root are named."""
    from netmon.evidence.sources.centre_chain import CentreChain  # noqa: PLC0415 - sites need none

    if not options.site or not options.issuer:
        raise UsageError("--influxdb needs --site, and --issuer: the file of the key that signs the pack")
    settings = influx_settings(options, environ)
    with closing(CentreChain(settings, options.site, now_ms, options.site_key)) as chain:
        of = parse_month(options.month)
        return issue_from(chain, open_key(options.issuer), options.inputs, options.circuit, of)
