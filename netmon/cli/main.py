"""Find the command, run it, and turn every error into words and an exit code.

Exit codes: 0 ok, 1 a check or measurement failed, 2 usage, 78 bad configuration (EX_CONFIG).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from netmon import plugins
from netmon.cli import logs
from netmon.errors import ConfigError, NetmonError, UsageError
from netmon.sdk import Command, Configured, Context

SERVICE_SECRETS = Path("/etc/netmon/secrets")
_LEVELS = ("debug", "info", "warning", "error")
EXIT_FAILED, EXIT_USAGE, EXIT_CONFIG, EXIT_INTERRUPTED = 1, 2, 78, 130


@dataclass(frozen=True, slots=True)
class CoreCommand:
    """A command of the core: where it lives, imported only when it is the one."""

    module: str
    attribute: str
    summary: str


CORE = {
    "run": CoreCommand("netmon.cli.run", "RunCommand", "the daemon"),
    "check": CoreCommand(
        "netmon.cli.check", "CheckCommand", "validate the configuration: every mistake at once"
    ),
    "doctor": CoreCommand(
        "netmon.cli.doctor", "DoctorCommand", "is this appliance fit, and what to do if not"
    ),
    "export": CoreCommand("netmon.cli.export", "ExportCommand", "readings, facts and events from the store"),
    "evidence": CoreCommand(
        "netmon.cli.evidence", "EvidenceCommand", "seal, pack, verify and recompute evidence"
    ),
    "report": CoreCommand(
        "netmon.cli.report",
        "ReportCommand",
        "what was promised, delivered, and is owed: site, circuit, estate",
    ),
    "plan": CoreCommand(
        "netmon.cli.plan", "PlanCommand", "what tests will cost each circuit, before the first byte"
    ),
    "store": CoreCommand("netmon.cli.store", "StoreCommand", "sizes and health of the history"),
    "rules": CoreCommand("netmon.cli.rules", "RulesCommand", "what rules would have told over stored days"),
    "incident": CoreCommand(
        "netmon.cli.incident", "IncidentCommand", "incidents; tickets, exclusions, who took them on"
    ),
    "notify": CoreCommand(
        "netmon.cli.notify", "NotifyCommand", "a test message through every channel, end to end"
    ),
    "influx": CoreCommand(
        "netmon.cli.influx", "InfluxCommand", "set up InfluxDB, see how delivery goes, audit what arrived"
    ),
    "dashboards": CoreCommand(
        "netmon.cli.dashboards",
        "DashboardsCommand",
        "dashboards and provisioning for Grafana, Prometheus and Alertmanager",
    ),
}
PLUGGED = {
    "commission": "measure the instrument at its place, learn the line's token bucket, sign the record",
    "discover": "find SNMP devices, print configuration for them",
    "demo": "a simulated site on loopback, and the daemon watching it",
    "mib": "compile MIB files to objects that devices can be asked for",
    "poll": "one SNMP poll of one device",
    "probe": "one probe of one target, all its fields",
    "record": "a walk to .snmprec, secrets and addresses masked",
    "reflector": "STAMP reflector and capacity-test server, so that one netmon measures to another",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; never raises for anything a person can cause."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _run(words)
    except ConfigError as error:
        _say(f"the configuration has {_count(len(error.mistakes))}:\n{error}")
        return EXIT_CONFIG
    except UsageError as error:
        _say(str(error))
        return EXIT_USAGE
    except NetmonError as error:
        _say(str(error))
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away (`| head`): that is its right.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(words: list[str]) -> int:
    known = _summaries()
    chosen = next((word for word in words if word in known), "")
    options = _parser(chosen).parse_args(words)
    logs.set_up(options.log_level)
    if os.path.isdir(SERVICE_SECRETS):  # noqa: PTH112 - Path.is_dir() raises where the folder above is closed
        # What systemd hands to the service, for a person who runs a command beside it.
        os.environ.setdefault("CREDENTIALS_DIRECTORY", str(SERVICE_SECRETS))
    if not chosen:
        _parser("").print_help()
        return EXIT_USAGE
    command: Command = options.command
    if command.needs_configuration:
        options.configured = _configured(options.config)
    elif getattr(options, "credential", None):
        options.credentials = _credentials(options.config)
    options.standalone = _standalone
    return command.run(options)


def _parser(chosen: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="netmon", description="Network and connectivity monitor for site edges."
    )
    parser.add_argument("--version", action="version", version=f"netmon {version('netmon-edge')}")
    parser.add_argument("--log-level", default="info", choices=_LEVELS)
    parser.set_defaults(command=None)
    words = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, summary in _summaries().items():
        word = words.add_parser(name, help=summary, description=summary)
        word.add_argument(
            "--config", "--config.file", type=Path, help="configuration (default: /etc/netmon/netmon.toml)"
        )
        word.add_argument("--log-level", default=argparse.SUPPRESS, choices=_LEVELS)
        word.add_argument("--json", action="store_true", help="one JSON document on standard output")
        if name == chosen:
            command = _load(name)
            command.arguments(word)
            word.set_defaults(command=command)
    return parser


def _summaries() -> dict[str, str]:
    core = {name: command.summary for name, command in CORE.items()}
    return core | {name: PLUGGED.get(name, "from a plugin") for name in plugins.names(plugins.COMMANDS)}


def _load(name: str) -> Command:
    if name not in CORE:
        return plugins.command(name)
    entry = CORE[name]
    made: Command = getattr(import_module(entry.module), entry.attribute)()
    return made


def _standalone(trace: Callable[[str], None]) -> AbstractAsyncContextManager[Context]:
    """Return a context for one run; imported late, as most commands need none."""
    from netmon.app.standalone import standalone  # noqa: PLC0415

    return standalone(trace)


def _credentials(config: Path | None) -> object:
    """Return the configured credentials by name; imported late, as only `--credential` needs them."""
    from netmon.config.load import credentials, default_path  # noqa: PLC0415

    return credentials(default_path(config), os.environ)


def _configured(config: Path | None) -> Configured:
    """Return what the configuration has; imported late, as few commands extend it."""
    from netmon.config.load import configured, default_path  # noqa: PLC0415

    return configured(default_path(config), os.environ)


def _count(n: int) -> str:
    return f"{n} mistake{'' if n == 1 else 's'}"


def _say(text: str) -> None:
    sys.stderr.write(f"netmon: {text}\n")
