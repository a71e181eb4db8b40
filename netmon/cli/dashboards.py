"""`netmon dashboards`: what Grafana, Prometheus and Alertmanager need, written for one's own addresses."""

from __future__ import annotations

import json
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmon.errors import UsageError
from netmon.sdk import Command

_LANGUAGES = {"prometheus": "PromQL", "influxdb": "InfluxQL"}
_DASHBOARDS_TOLD = "/var/lib/grafana/dashboards/netmon"


@dataclass(frozen=True, slots=True)
class Source:
    """A data source of Grafana: its name and address, and its type's own words."""

    name: str
    kind: str
    url: str
    database: str = ""

    def document(self) -> dict[str, object]:
        """Return it as Grafana's provisioning wants it."""
        own: dict[str, object] = {"timeInterval": "30s"}
        if self.kind == "influxdb":
            own |= {"version": "InfluxQL", "dbName": self.database, "httpMode": "POST"}
        else:
            own |= {"httpMethod": "POST"}
        return {
            "name": f"netmon {self.name}",
            "uid": f"netmon-{self.name.lower()}",
            "orgId": 1,
            "type": self.kind,
            "access": "proxy",
            "url": self.url,
            "jsonData": own,
        }


@dataclass(frozen=True, slots=True)
class Site:
    """An appliance to scrape; its supplier is part of what its alert is, empty when it has none."""

    name: str
    address: str
    supplier: str = ""

    def target(self) -> dict[str, object]:
        """Return it as an entry of file_sd."""
        labels = {"site": self.name, "supplier": self.supplier}
        return {
            "targets": [self.address],
            "labels": {label: text for label, text in labels.items() if text},
        }


class DashboardsCommand(Command):
    """Write dashboards and what feeds them; asks nobody and changes nothing but the folder that is named."""

    summary = "dashboards and provisioning for Grafana, Prometheus and Alertmanager"

    def __init__(self, shipped: Path | None = None) -> None:
        self._shipped = shipped

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare what to write, where, and for which servers."""
        parser.add_argument(
            "action",
            choices=("export", "provision"),
            help="dashboards' JSON to import by hand; or whole folders for Grafana, Prometheus, Alertmanager",
        )
        parser.add_argument("folder", metavar="DIR", type=Path, help="where to write; made if missing")
        parser.add_argument("--prometheus", metavar="URL", default="", help="Grafana's way to Prometheus")
        parser.add_argument("--victoriametrics", metavar="URL", default="", help="and to VictoriaMetrics")
        parser.add_argument("--influxdb", metavar="URL", default="", help="and to InfluxDB (InfluxQL)")
        parser.add_argument(
            "--database", default="netmon", help="database of InfluxDB (default: %(default)s)"
        )
        parser.add_argument("--alertmanager", metavar="HOST:PORT", default="127.0.0.1:9093")
        parser.add_argument(
            "--site",
            metavar="ID=HOST:PORT[,SUPPLIER]",
            action="append",
            default=[],
            help="an appliance, and who sells its first line; give all of them",
        )

    def run(self, options: Namespace) -> int:
        """Write and tell which files."""
        shipped, sources, sites = self._shipped or _shipped(), _sources(options), _sites(options.site)
        if options.action == "export":
            written = _export(shipped, options.folder, {source.kind for source in sources})
        else:
            if not sources:
                raise UsageError("provision needs --prometheus, --victoriametrics or --influxdb, or several")
            written = list(_provision(shipped, options.folder, sources, sites, options.alertmanager))
        _tell(sorted(written), as_json=options.json)
        return 0


def _shipped() -> Path:
    """Return the folder with what this netmon brings: of a checkout, or of an installed wheel."""
    for folder in (Path(__file__).parents[2] / "dashboards", Path(sys.prefix) / "share/netmon/dashboards"):
        if (folder / "json").is_dir():
            return folder
    raise UsageError("this installation of netmon carries no dashboards")


def _sources(options: Namespace) -> list[Source]:
    found = [
        Source("Prometheus", "prometheus", options.prometheus),
        Source("VictoriaMetrics", "prometheus", options.victoriametrics),
        Source("InfluxDB", "influxdb", options.influxdb, options.database),
    ]
    return [source for source in found if source.url]


def _sites(words: Sequence[str]) -> list[Site]:
    return [_site(word) for word in words]


def _site(word: str) -> Site:
    name, _, rest = word.partition("=")
    address, _, supplier = rest.partition(",")
    if not name or ":" not in address:
        raise UsageError(f"--site {word}: not of the form ID=HOST:PORT[,SUPPLIER]")
    return Site(name, address, supplier)


def _export(shipped: Path, folder: Path, kinds: set[str]) -> list[Path]:
    """Copy dashboards of these kinds of data source; of both where none is named."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [
        path
        for path in sorted((shipped / "json").glob("*.json"))
        if any(path.stem.endswith(f"-{kind}") for kind in kinds or _LANGUAGES)
    ]
    return [Path(shutil.copyfile(path, folder / path.name)) for path in chosen]


def _provision(
    shipped: Path,
    folder: Path,
    sources: Sequence[Source],
    sites: Sequence[Site],
    alertmanager: str,
) -> Iterator[Path]:
    kinds = {source.kind for source in sources}
    grafana, prometheus = folder / "grafana", folder / "prometheus"
    yield from _export(shipped, grafana / "dashboards", kinds)
    yield _write(grafana / "provisioning/datasources/netmon.yml", _datasources(sources))
    told = (shipped / "provisioning/dashboards/netmon.yml").read_text("utf-8")
    own = str((grafana / "dashboards").resolve())
    yield _write(grafana / "provisioning/dashboards/netmon.yml", told.replace(_DASHBOARDS_TOLD, own))
    if "prometheus" not in kinds:
        return
    for name in ("netmon.rules.yml", "netmon.rules.test.yml"):
        yield _write(prometheus / name, (shipped / "prometheus" / name).read_text("utf-8"))
    yield _write(prometheus / "prometheus.yml", _scrape(alertmanager))
    yield _write(prometheus / "netmon-sites.yml", _file_sd(sites))
    example = (shipped / "prometheus/alertmanager.example.yml").read_text("utf-8")
    yield _write(folder / "alertmanager/alertmanager.yml", example)


# JSON is YAML too, and quotes what people write into names and addresses.


def _datasources(sources: Sequence[Source]) -> str:
    lines = "".join(f"  - {json.dumps(source.document())}\n" for source in sources)
    return f"apiVersion: 1\n\ndatasources:\n{lines}"


def _scrape(alertmanager: str) -> str:
    return f"""\
global:
  scrape_interval: 30s

rule_files:
  - netmon.rules.yml

alerting:
  alertmanagers:
    - static_configs:
        - targets: [{json.dumps(alertmanager)}]

scrape_configs:
  - job_name: netmon
    honor_labels: true # series of a site carry `site` already
    file_sd_configs:
      - files: [netmon-sites.yml]
    # Appliances that listen beyond their own loopback want TLS and a token:
    # scheme: https
    # authorization: {{ credentials_file: netmon-token }}
    # tls_config: {{ ca_file: netmon-ca.pem }}
"""


def _file_sd(sites: Sequence[Site]) -> str:
    if not sites:
        return (
            "# One entry per appliance, as netmon dashboards provision --site ID=HOST:PORT writes them.\n[]\n"
        )
    return "".join(f"- {json.dumps(site.target())}\n" for site in sites)


def _write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _tell(written: Sequence[Path], *, as_json: bool) -> None:
    names = [str(path) for path in written]
    sys.stdout.write(
        json.dumps({"written": names}) + "\n" if as_json else "".join(f"{name}\n" for name in names)
    )
