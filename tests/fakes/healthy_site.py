"""Days on which nothing is wrong, and a lot happens: noise, tests, restarts, reloads, clocks that are set."""

from __future__ import annotations

from random import Random

from fakes.clock import START_WALL_NS
from fakes.clock import run as run_virtual
from fakes.incident_site import IncidentPlay, IncidentStage
from fakes.scripted_site import ANCHORS, ONE_LINE, RESOLVER, SERVICE, probe

from netmon.model import Reading

HOUR = 3600.0
_KEPT_NS = 45 * 60 * 10**9
_PATH = probe("way", "path", "", ("198.51.100.1",), every_seconds=300)


class HealthyStage(IncidentStage):
    """Keeps of readings what a restart may ask for: a week would not fit into memory."""

    def accept(self, records) -> None:
        super().accept(records)
        if len(self.records) > 40_000:
            oldest_ns = self.clock.boottime_ns() - _KEPT_NS
            self.records = [
                one
                for one in self.records
                if not isinstance(one, Reading) or one.stamp.boottime_ns >= oldest_ns
            ]


def healthy_play(hours: int, seed: int = 7) -> IncidentPlay:
    """Return so many hours of an ordinary site, and a quarter of an hour in which its line is cut."""
    script: dict[float, object] = {}
    chance = Random(seed)

    def add(at: float, act: object) -> None:
        while at in script:
            at += 0.5
        script[at] = act

    for hour in range(hours):
        base = hour * HOUR
        _noise(add, base, chance)
        _test(add, base + chance.uniform(300, 3000))
        add(base + chance.uniform(0, 3500), _reload)
        if hour % 12 == 5:
            add(base + 1800, _restart)
        if hour % 24 == 11:
            add(base + 2400, _reboot)
        if hour % 6 == 3:
            seconds = chance.choice((-3600, -2, 2, 3600))
            add(base + 1200, lambda stage, by=seconds: stage.clock.step(by))
            add(base + 1500, lambda stage, by=seconds: stage.clock.step(-by))
    add(hours * HOUR + 60, {"lines": {"wan1": False}})
    devices = ("router", "switch", "ap", "ups")
    parents = {"switch": "router", "ap": "switch", "ups": "switch"}
    return IncidentPlay(
        (*ONE_LINE, _PATH), devices=devices, parents=parents, script=script, minutes=hours * 60 + 15
    )


def _noise(add, base: float, chance: Random) -> None:
    """Short troubles that are nobody's business."""
    glitches = (
        {"loss": 0.34},
        {"lan_loss": 0.2},
        {"slower": 0.08},
        {"dead": (chance.choice((*ANCHORS, RESOLVER, SERVICE)),)},
        {"access_point": False},
        {"agent": False},
        {"lines": {"wan1": False}},
    )
    calm = {"loss": 0.0, "lan_loss": 0.0, "slower": 0.0, "dead": (), "access_point": True, "agent": True}
    for at in range(0, 3600, 600):
        begin = base + at + chance.uniform(0, 200)
        add(begin, chance.choice(glitches))
        add(begin + chance.uniform(1, 50), {**calm, "lines": {"wan1": True}})


def _test(add, at: float) -> None:
    """A bandwidth test fills the line for 40 s."""
    add(at, {"slower": 0.12, "traffic": {"wan1": 12.4e6}})
    add(at + 40, {"slower": 0.0, "traffic": {"wan1": 2e5}})


def _reload(stage) -> None:
    stage.engine.expect(stage.settings())


def _restart(stage) -> None:
    stage.end()
    stage.start()


def _reboot(stage) -> None:
    """The box restarts, which takes a minute and a half."""
    import asyncio

    async def later() -> None:
        await asyncio.sleep(90)
        stage.start(boot=f"boot-{stage.clock.monotonic():.0f}")

    stage.end()
    stage.tasks.append(asyncio.create_task(later()))


def live(hours: int, seed: int = 7) -> HealthyStage:
    """Play it."""
    made: list[HealthyStage] = []

    async def go() -> None:
        stage = HealthyStage(healthy_play(hours, seed))
        made.append(stage)
        await stage.run()

    run_virtual(go())
    return made[0]


def told(stage: HealthyStage, hours: int) -> tuple[list[str], set[str]]:
    """Return the alerts of the healthy hours, and what was told thereafter: the cut line, or it is blind."""
    end_ms = START_WALL_NS // 1_000_000 + hours * 3_600_000
    early = [f"{step} {one.thing.key}" for step, one in stage.steps if one.started.wall_ms < end_ms]
    return early, {one.thing.key for _, one in stage.steps if one.started.wall_ms >= end_ms and one.told}
