"""Does what the configuration names work: devices answer, WAN ports exist."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from netmon import plugins
from netmon.app.standalone import standalone
from netmon.cli.doctor_finding import Finding, fail, ok
from netmon.config.plan import HOST, Planned, assignments, circuits, host_assignment
from netmon.config.schema import Configuration
from netmon.hub import Hub
from netmon.latest import Latest, LatestRow
from netmon.model.derived import RUN, RUN_OUTCOME, RUN_UP
from netmon.runner import Runner
from netmon.sdk import Context, Outcome

_AT_ONCE = 16
_REMEDIES: Mapping[str, str] = {
    Outcome.TIMEOUT: "is it reachable, may this address ask it on its SNMP port, is the community right? "
    "A wrong one looks like no answer",
    Outcome.REFUSED: "nothing listens on that port: switch its SNMP agent on",
    Outcome.UNREACHABLE: "there is no way to it: look at routes and VLANs",
    Outcome.UNRESOLVED: "its name has no address: correct address in [[device]], or the resolver",
    Outcome.DENIED: "it refuses this credential: are user, protocols and passphrases those of the device, "
    "and does its view hold what is read? netmon poll gives the device's own reason",
    Outcome.BROKEN: "a defect: the log above has the traceback, please report it",
}


async def read_once(configuration: Configuration, folder: Path, *, devices: bool) -> Latest:
    """Run the own-host collector, and with `devices` all of theirs, once; return what they found."""
    latest, at_once = Latest(), asyncio.Semaphore(_AT_ONCE)
    hub = Hub((latest,))
    jobs: dict[str, list[Runner]] = {HOST: [_own_host(folder, hub)]}
    for one in assignments(configuration):
        if devices and one.assignment.device is not None:
            jobs.setdefault(one.job, []).append(_runner(one, hub))

    async def run(job: Sequence[Runner], context: Context) -> None:
        async with at_once:
            for runner in job:
                await runner.run(context)
                await runner.close()

    async with standalone(site=configuration.site.id, circuits=circuits(configuration)) as context:
        await asyncio.gather(*(run(job, context) for job in jobs.values()))
    return latest


def _own_host(folder: Path, hub: Hub) -> Runner:
    kind = plugins.source_type(HOST)
    return Runner(
        HOST, kind(host_assignment(), kind.settings_type.model_validate({"folder": str(folder)})), hub
    )


def _runner(one: Planned, hub: Hub) -> Runner:
    return Runner(one.source_name, plugins.source_type(one.source_name)(one.assignment, one.settings), hub)


def devices(latest: Latest, configuration: Configuration) -> Iterator[Finding]:
    """Tell of each device whether its collectors got an answer."""
    for section in configuration.devices:
        runs = [row for row in latest.rows(RUN, (("target", section.name),)) if row.label("source") != HOST]
        bad = [row for row in runs if row.label(RUN_OUTCOME.name) != Outcome.OK]
        if bad:
            yield _unanswered(section.name, bad[0])
        elif runs:
            yield ok(f"device {section.name}", f"answers to {', '.join(row.label('source') for row in runs)}")


def _unanswered(name: str, row: LatestRow) -> Finding:
    outcome, source = row.label(RUN_OUTCOME.name), row.label("source")
    remedy = _REMEDIES.get(outcome, "netmon poll shows what it answers")
    said = "answers in part to" if row.value(RUN_UP.name) == 1 else "does not answer to"
    said = "refuses" if outcome == Outcome.DENIED else said
    return fail(f"device {name}", f"{said} {source}: {outcome}", remedy)


def wan_ports(latest: Latest, configuration: Configuration) -> Iterator[Finding]:
    """Tell of each circuit whether its port is among those that its router showed."""
    for circuit in configuration.circuits:
        if circuit.wan is None:
            continue
        device, wanted = circuit.wan.device, circuit.wan.interface
        ports = [row.label("ifName") for row in latest.rows("interface", (("device", device),))]
        subject = f"circuit {circuit.id}"
        if wanted in ports:
            yield ok(subject, f"its port {wanted} is there on {device}")
        elif ports:
            near = get_close_matches(wanted, ports, n=1) or ports[:1]
            remedy = f"set wan interface to one of its {len(ports)} ports, such as {near[0]!r}"
            yield fail(subject, f"{device} has no port called {wanted!r}", remedy)
        else:
            yield fail(
                subject, f"{device} showed no ports", f"mend device {device} first, with collect = interfaces"
            )
