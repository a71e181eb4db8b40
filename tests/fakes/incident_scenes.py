"""Faults of a site as scripts, each with the incidents that there must be, and what is wrong with others."""

from dataclasses import dataclass

from fakes.clock import START_WALL_NS
from fakes.incident_site import IncidentPlay
from fakes.scripted_site import ANCHORS, ONE_LINE, RESOLVER, SERVICE, TWO_LINES, probe
from fakes.stored import StoredRecords

from netmon.incidents.record import step_of
from netmon.incidents.rehearsal import rehearse

A_SLOT = 1.001
"""In minutes; a moment is known to the millisecond."""
CUT = {"lines": {"wan1": False}}
MENDED = {"lines": {"wan1": True}}
BOTH = ("wan1", "wan2")
WITH_UPS = ("router", "switch", "ups")
PATH = probe("way", "path", "", ("198.51.100.1",), every_seconds=30)


def minutes(at):
    return at * 60.0


def died(stage):
    """The site loses its power, this box too."""
    stage.throw(router=False, switch=False, cpe=False, lines={"wan1": False})
    stage.end()


def powered(stage):
    """All of it is switched on again; the router is back half a minute later."""
    now = stage.clock.monotonic()
    stage.world.booted |= {"router": now, "switch": now}
    stage.throw(router=True, switch=True, cpe=True, lines={"wan1": True})
    stage.start(boot="boot-2")


def crashed(stage):
    stage.end()


def restarted(stage):
    stage.start()


def rebooted(stage):
    stage.start(boot="boot-2")


def pause(stage):
    stage.paused = True


def resume(stage):
    stage.paused = False


def unsynced(stage):
    stage.clock.synced = False
    stage.clock.step(-3600)


def synchronised(stage):
    stage.clock.step(3600)
    stage.clock.synced = True


def trap(device, name):
    """Let a device say something unasked."""
    key = (("site", "lib"), ("device", device))
    return lambda stage: stage.publish("trap", {"trap": name}, key, f"{device}: {name}")


def flapping(start, end):
    """A line that is off for two minutes of each five."""
    script = {}
    for at in range(start, end, 5):
        script[minutes(at)] = CUT
        script[minutes(at + 2)] = MENDED
    return script


@dataclass
class Expected:
    """One incident: what it is of, its fault, first and last minute; None: it goes on."""

    thing: str
    fault: str
    start: float
    end: float | None
    severity: str = "page"
    certainty: str = "probable"
    sentence: str = ""
    told: bool = True


def site(*rest, **more):
    return Expected("site/-/access", *rest, **more)


SCENES = {
    "the line is cut, its port says so": (
        IncidentPlay(script={120: CUT, 600: MENDED}),
        [site("line", 2, 10)],
    ),
    "the line is cut behind a port that stays up": (
        IncidentPlay(script={120: {**CUT, "ports": {"wan1": True}}, 600: MENDED}),
        [site("isp", 2, 10)],
    ),
    "the line is cut, and nothing tells where": (
        IncidentPlay((ONE_LINE[0], *ONE_LINE[3:]), devices=(), script={120: CUT, 600: MENDED}),
        [site("unknown", 2, 10, certainty="unknown", sentence="Nothing beyond the router answers.")],
    ),
    "the line is cut, and a prober elsewhere sees it": (
        IncidentPlay(
            script={0: {"outside": True}, 120: {**CUT, "outside": False}, 600: {**MENDED, "outside": True}}
        ),
        [site("line", 2, 10, certainty="proven")],
    ),
    "the line is cut, and the UPS says that the mains stayed": (
        IncidentPlay(devices=WITH_UPS, script={120: CUT, 600: MENDED}),
        [site("line", 2, 10, certainty="proven")],
    ),
    "the router restarts, which takes four minutes": (
        IncidentPlay(script={120: {"router": False}, 360: {"router": True, "restarted_at": 330.0}}),
        [site("cpe", 2, 6, sentence="The router restarted.")],
    ),
    "the router is dead, the site's network is not": (
        IncidentPlay(script={120: {"router": False}, 600: {"router": True}}),
        [site("cpe", 2, 10)],
    ),
    "the supplier's box is dead": (
        IncidentPlay(script={120: {"cpe": False}, 600: {"cpe": True}}),
        [site("cpe", 2, 10)],
    ),
    "the power is cut; this box and the UPS run on": (
        IncidentPlay(
            devices=WITH_UPS,
            script={
                120: {"battery": True, "router": False, "switch": False},
                600: {"battery": False, "router": True, "switch": True, "restarted_at": 590.0},
            },
        ),
        [site("power", 2, 10, certainty="proven", sentence="The mains failed.")],
    ),
    "the power is cut; this box dies with everything": (
        IncidentPlay(script={125: died, 605: powered}),
        [site("power", 2, 10, sentence="The site had no power: this box and the router restarted.")],
    ),
    "the power is cut; a prober elsewhere sees the site dark": (
        IncidentPlay(
            script={
                60: {"outside": True},
                125: died,
                605: powered,
                606: lambda stage: stage.throw(outside=False),
                700: {"outside": True},
            }
        ),
        [site("power", 2, 10, certainty="proven")],
    ),
    "the mains fails, and everything runs on": (
        IncidentPlay(devices=WITH_UPS, script={120: {"battery": True}, 600: {"battery": False}}),
        [Expected("site/-/mains", "power", 2, 10, "ticket", "proven")],
    ),
    "a switch is dead": (
        IncidentPlay(script={120: {"switch": False}, 600: {"switch": True}}),
        [Expected("device/switch/answers", "lan", 2, 10, "ticket")],
    ),
    "a loop on the site's network": (
        IncidentPlay(script={120: {"lan_loss": 0.5}, 600: {"lan_loss": 0.0}}),
        [site("lan", 2, 10, "ticket")],
    ),
    "the resolver is dead": (
        IncidentPlay(script={120: {"dead": (RESOLVER,)}, 600: {"dead": ()}}),
        [Expected("site/-/names", "resolver", 2, 10)],
    ),
    "this box stands still": (
        IncidentPlay(script={120: pause, 600: resume}),
        [site("appliance", 2, 10, "ticket")],
    ),
    "this box's cable is pulled": (
        IncidentPlay(
            devices=("router", "switch", "ap"), script={120: {"cable": False}, 600: {"cable": True}}
        ),
        [site("appliance", 2, 10, "ticket")],
    ),
    "this box alone restarts, and is away for eight minutes": (
        IncidentPlay(script={125: crashed, 605: rebooted}),
        [site("appliance", 2, 10, "ticket", sentence="This box was off; nothing else restarted.")],
    ),
    "netmon alone is stopped for eight minutes": (
        IncidentPlay(script={125: crashed, 605: restarted}),
        [site("appliance", 2, 10, "ticket")],
    ),
    "the clock is set an hour ahead in an outage": (
        IncidentPlay(script={120: CUT, 300: lambda stage: stage.clock.step(3600), 600: MENDED}),
        [site("line", 2, 70)],
    ),
    "nobody had set the clock when it began": (
        IncidentPlay(script={0: unsynced, 120: CUT, 300: synchronised, 600: MENDED}),
        [site("line", 2, 10)],
    ),
    "a fifth of the packets is lost before the first hop": (
        IncidentPlay(script={120: {"loss": 0.25}, 900: {"loss": 0.0}}, minutes=25),
        [site("line", 2, 15, "ticket")],
    ),
    "the line is full with the site's own traffic": (
        IncidentPlay(
            script={
                720: {"slower": 0.1, "traffic": {"wan1": 12.4e6}},
                1320: {"slower": 0.0, "traffic": {"wan1": 2e5}},
            },
            minutes=32,
        ),
        [site("none", 12, 22, "note")],
    ),
    "the line is slow, and not full": (
        IncidentPlay(script={720: {"slower": 0.1}, 1320: {"slower": 0.0}}, minutes=32),
        [site("line", 12, 22, "ticket")],
    ),
    "one anchor is dead": (
        IncidentPlay(script={120: {"dead": ANCHORS[:1]}, 600: {"dead": ()}}),
        [Expected("site/-/far_end", "far_end", 2, 10, "note")],
    ),
    "both anchors are dead, a service is not": (
        IncidentPlay(script={120: {"dead": ANCHORS}, 600: {"dead": ()}}),
        [Expected("site/-/far_end", "far_end", 2, 10, "note")],
    ),
    "a service is dead": (
        IncidentPlay(script={120: {"dead": (SERVICE,)}, 600: {"dead": ()}}),
        [Expected("site/-/service", "service", 2, 10, "ticket")],
    ),
    "the first line is cut, and the second carries": (
        IncidentPlay(TWO_LINES, BOTH, script={120: CUT, 600: MENDED}),
        [Expected("circuit/wan1/access", "line", 2, 10, "ticket")],
    ),
    "large packets vanish at the supplier": (
        IncidentPlay((*ONE_LINE, PATH), script={120: {"black_hole": 2}, 600: {"black_hole": -1}}),
        [site("isp", 2, 10, "ticket")],
    ),
    "a portal holds everything back": (
        IncidentPlay(script={120: {"portal": True}, 600: {"portal": False}}),
        [site("unknown", 2, 10, "ticket", "unknown", "Something answers in place of the anchors.")],
    ),
    "the gateway is dead, and nothing else is known": (
        IncidentPlay(devices=(), script={120: {"router": False}, 600: {"router": True}}),
        [site("lan", 2, 10)],
    ),
    "nothing beyond the supplier's first router answers": (
        IncidentPlay(devices=(), script={120: {"isp": False}, 600: {"isp": True}}),
        [site("isp", 2, 10)],
    ),
    "access points are dark, since the switch gives them no power": (
        IncidentPlay(
            devices=("router", "switch", "ap"),
            script={
                120: {"access_point": False, "poe_faults": ("ge1",)},
                600: {"access_point": True, "poe_faults": ()},
            },
        ),
        [Expected("device/ap/answers", "power", 2, 10, "ticket")],
    ),
    "the line comes and goes for an hour": (
        IncidentPlay(script=flapping(2, 62), minutes=100),
        [site("line", 2, 59)],
    ),
    "degraded, then dark, then degraded, then well": (
        IncidentPlay(script={120: {"loss": 0.34}, 600: CUT, 900: MENDED, 1200: {"loss": 0.0}}, minutes=30),
        [site("line", 2, 20)],
    ),
    "netmon is killed in an outage, and started again": (
        IncidentPlay(script={120: CUT, 305: crashed, 320: restarted, 600: MENDED}),
        [site("line", 2, 10)],
    ),
    "this box is restarted in an outage": (
        IncidentPlay(script={120: CUT, 305: crashed, 500: rebooted, 900: MENDED}, minutes=25),
        [site("line", 2, 15)],
    ),
    "a technician switches the router off and on in a long outage": (
        IncidentPlay(
            script={
                120: CUT,
                900: {"router": False},
                960: {"router": True, "restarted_at": 950.0},
                1200: MENDED,
            },
            minutes=30,
        ),
        [site("line", 2, 20)],
    ),
    "two at once: the line is cut while an access point is dark": (
        IncidentPlay(
            devices=("router", "switch", "ap"),
            script={120: {"access_point": False}, 300: CUT, 600: MENDED, 900: {"access_point": True}},
            minutes=25,
        ),
        [Expected("device/ap/answers", "wifi", 2, 15, "ticket"), site("line", 5, 10)],
    ),
    "two at once: the resolver and a service die together": (
        IncidentPlay(script={120: {"dead": (RESOLVER, SERVICE)}, 600: {"dead": ()}}),
        [
            Expected("site/-/names", "resolver", 2, 10),
            Expected("site/-/service", "service", 2, 10, "ticket"),
        ],
    ),
    "two at once: the first line is cut, and the resolver is dead": (
        IncidentPlay(
            (*TWO_LINES, ONE_LINE[5]),
            BOTH,
            script={120: {**CUT, "dead": (RESOLVER,)}, 600: {**MENDED, "dead": ()}},
        ),
        [
            Expected("site/-/names", "resolver", 2, 10),
            Expected("circuit/wan1/access", "line", 2, 10, "ticket"),
        ],
    ),
    "the second line goes after the first": (
        IncidentPlay(
            TWO_LINES,
            BOTH,
            script={120: CUT, 600: {"lines": {"wan2": False}}, 900: {"lines": {"wan2": True}}, 1200: MENDED},
            minutes=30,
        ),
        [
            Expected("circuit/wan1/access", "line", 2, 20, "ticket"),
            site("line", 10, 15),
            Expected("circuit/wan2/access", "line", 10, 15, "ticket", told=False),
        ],
    ),
    "nothing tells where, but the router says that a link went down": (
        IncidentPlay(
            (ONE_LINE[0], *ONE_LINE[3:]),
            script={
                0: {"agent": False},
                120: CUT,
                121: trap("router", "linkDown"),
                600: MENDED,
                1100: {"agent": True},
            },
            devices=("router",),
            minutes=26,
        ),
        [
            site("line", 2, 10, sentence="A link of the router went down."),
            Expected("device/router/answers", "lan", 10, 18, "ticket"),
        ],
    ),
    "the power is cut, as a UPS says that nobody asks": (
        IncidentPlay(
            script={
                120: {"router": False, "switch": False},
                122: trap("ups", "upsTrapOnBattery"),
                600: {"router": True, "switch": True, "restarted_at": 590.0},
            }
        ),
        [site("power", 2, 10, certainty="proven")],
    ),
}


def minute_of(stamp):
    """Return a moment as minutes of the play."""
    return (stamp.wall_ms - START_WALL_NS // 1_000_000) / 60_000


def mistakes(stage, expected) -> list[str]:
    """Return what is otherwise than it must be: incidents, causes, times, and what a rehearsal says."""
    wanted = {f"netmon/lib/{one.thing}": one for one in expected}
    found = [one for one in stage.incidents if one.told or one.thing.key in wanted]
    wrong = [
        f"{one.id} is told to nobody, and says not why"
        for one in stage.incidents
        if not (one.told or one.quiet)
    ]
    if sorted(one.thing.key for one in found) != sorted(wanted):
        return [*wrong, f"incidents of {[one.thing.key for one in found]}"]
    for one in found:
        want = wanted[one.thing.key]
        end = None if one.ended is None else minute_of(one.ended)
        checks = {
            f"cause {one.fault}": one.fault == want.fault,
            f"{one.severity}": one.severity == want.severity,
            f"{one.certainty}": one.certainty == want.certainty,
            f"begins {minute_of(one.started):.2f}": abs(minute_of(one.started) - want.start) <= A_SLOT,
            f"ends {end}": end is not None and abs(end - want.end) <= A_SLOT,
            f"says {one.sentence!r}": want.sentence in one.sentence,
            f"told: {one.told}": one.told is want.told,
            "no fact": bool(one.facts) or one.fault == "unknown",
        }
        wrong += [f"{want.thing}: {words}" for words, right in checks.items() if not right]
    if played_again(stage) != [sent(event) for event in stage.events]:
        wrong.append("a rehearsal tells otherwise")
    return wrong


def played_again(stage):
    """Return what `rules test` says of the stored records, after all has happened."""
    reader, rules = StoredRecords(stage.records), stage.play.rules.rules if stage.play.rules else ()
    start_ms = START_WALL_NS // 1_000_000 - 7_200_000
    return [
        sent(event) for event in rehearse(reader, stage.settings(), rules, start_ms, start_ms + 36_000_000)
    ]


def sent(event):
    """Return what somebody sees of a step."""
    step, incident = step_of(event)
    return event.text, step, incident.id, incident.number, incident.severity, incident.started, incident.told
