"""Faults of a site, played in virtual time: what each minute of each circuit must be."""

import pytest
from fakes.scripted_site import (
    ANCHORS,
    LOCAL_SERVICE,
    ONE_LINE,
    RESOLVER,
    SERVICE,
    TWO_LINES,
    UNBOUND,
    Play,
    perform,
    probe,
)

BOTH = ("wan1", "wan2")
CUT = {"lines": {"wan1": False}}
MENDED = {"lines": {"wan1": True}}
UP = "up/none"


def pause(stage):
    stage.paused = True


def resume(stage):
    stage.paused = False


# Each: what is played, and what the minutes must be, from the first one on; a star: degraded.
SCENES = {
    "all is well": (Play(), {"wan1": [UP] * 5, "site": [UP] * 5}),
    "the gateway is dead, and nothing else of the site is known": (
        Play(devices=(), script={60: {"router": False}, 180: {"router": True}}),
        {"wan1": [UP, "unknown/lan", "unknown/lan", UP, UP]},
    ),
    "the gateway is dead, while the switch before it answers": (
        Play(script={60: {"router": False}, 180: {"router": True}}),
        {"wan1": [UP, "unknown/cpe", "unknown/cpe", UP, UP]},
    ),
    "the router restarts within a minute": (
        Play(script={65: {"router": False}, 100: {"router": True, "restarted_at": 99.0}}),
        {"wan1": [UP, "up*/cpe", UP, UP, UP]},
    ),
    "the router is back before its line": (
        Play(
            script={
                58: {"router": False, "ports": {"wan1": False}, **CUT},
                75: {"router": True, "restarted_at": 75.0},
                121: {"ports": {"wan1": True}, **MENDED},
            }
        ),
        {"wan1": [UP, "down/cpe", UP, UP, UP]},
    ),
    "the supplier's box is dead behind the gateway": (
        Play(script={60: {"cpe": False}, 180: {"cpe": True}}),
        {"wan1": [UP, "down/cpe", "down/cpe", UP, UP]},
    ),
    "the line is cut, its port says so": (
        Play(script={60: CUT, 180: MENDED}),
        {"wan1": [UP, "down/line", "down/line", UP, UP], "site": [UP, "down/line", "down/line", UP, UP]},
    ),
    "the line is cut behind a port that stays up": (
        Play(script={60: {**CUT, "ports": {"wan1": True}}, 180: MENDED}),
        {"wan1": [UP, "down/isp", "down/isp", UP, UP]},
    ),
    "the line is cut, no port is read, the first hop is gone": (
        Play(devices=(), script={60: CUT, 180: MENDED}),
        {"wan1": [UP, "down/line", "down/line", UP, UP]},
    ),
    "the line is cut, nobody knows the port or a first hop": (
        Play(probes=(ONE_LINE[0], *ONE_LINE[3:]), devices=(), script={60: CUT, 180: MENDED}),
        {"wan1": [UP, "down/unknown", "down/unknown", UP, UP]},
    ),
    "the line is cut and the backup carries": (
        Play(TWO_LINES, BOTH, script={60: CUT, 180: MENDED}),
        {
            "wan1": [UP, "down/line", "down/line", UP, UP],
            "wan2": [UP] * 5,
            "site": [UP, "up/line", "up/line", UP, UP],
        },
    ),
    "the backup is dead while idle": (
        Play(TWO_LINES, BOTH, script={60: {"lines": {"wan2": False}}}),
        {"wan1": [UP] * 5, "wan2": [UP] + ["down/line"] * 4, "site": [UP] + ["up/line"] * 4},
    ),
    "the first line is cut with a bound probe, and no gateway is watched": (
        Play(TWO_LINES[1:], BOTH, devices=(), script={60: CUT, 180: MENDED}),
        {"wan1": [UP, "down/unknown", "down/unknown", UP, UP], "wan2": [UP] * 5},
    ),
    "the backup's own address is not here any more": (
        Play(TWO_LINES, BOTH, script={60: {"gone": ("wan2",)}, 180: {"gone": ()}}),
        {"wan2": [UP, "unknown/unknown", "unknown/unknown", UP, UP], "site": [UP] * 5},
    ),
    "the backup's own address is not here any more, and its anchors are asked by TCP": (
        Play(
            (ONE_LINE[0], *(probe(f"tcp {name}", "tcp", "anchor", ANCHORS, name) for name in BOTH)),
            BOTH,
            script={60: {"gone": ("wan2",)}, 180: {"gone": ()}},
        ),
        {"wan1": [UP] * 5, "wan2": [UP, "unknown/unknown", "unknown/unknown", UP, UP], "site": [UP] * 5},
    ),
    "the line is cut, and a service on the site's own network works on": (
        Play((*ONE_LINE, probe("files", "http", "service", (f"http://{LOCAL_SERVICE}/",))), script={60: CUT}),
        {"wan1": [UP] + ["down/line"] * 4},
    ),
    "two ports of one silent IPv6 host are one witness": (
        Play(
            (ONE_LINE[0], probe("one", "tcp", "anchor", ("[2001:db8::9]:443", "[2001:db8::9]:80"))),
            devices=(),
            script={60: CUT},
        ),
        {"wan1": [UP] + ["unknown/unknown"] * 4},
    ),
    "the router says unreachable for a dead line": (
        Play(script={60: {**CUT, "refusing": True}, 180: MENDED}),
        {"wan1": [UP, "down/line", "down/line", UP, UP]},
    ),
    "netmon starts late in a minute": (Play(begins_at=40, minutes=3), {"wan1": [UP] * 3}),
    "netmon starts late in a minute, into an outage": (
        Play(begins_at=40, minutes=3, script={0: CUT}),
        {"wan1": ["unknown/line", "down/line", "down/line"]},
    ),
    "netmon starts late in a minute, into an outage, and nobody knows the port": (
        Play(begins_at=40, minutes=3, devices=(), script={0: CUT}),
        {"wan1": ["unknown/appliance", "down/line", "down/line"]},
    ),
    "the resolver is dead": (
        Play(script={60: {"dead": (RESOLVER,)}, 180: {"dead": ()}}),
        {"wan1": [UP, "up/resolver", "up/resolver", UP, UP]},
    ),
    "one anchor is dead": (
        Play(script={60: {"dead": ANCHORS[:1]}, 180: {"dead": ()}}),
        {"wan1": [UP, "up/far_end", "up/far_end", UP, UP]},
    ),
    "both anchors are dead, the service is up": (
        Play(script={60: {"dead": ANCHORS}, 180: {"dead": ()}}),
        {"wan1": [UP, "up/far_end", "up/far_end", UP, UP]},
    ),
    "the service is dead": (
        Play(script={60: {"dead": (SERVICE,)}, 180: {"dead": ()}}),
        {"wan1": [UP, "up/service", "up/service", UP, UP]},
    ),
    "only one anchor is configured, and silent": (
        Play(
            (ONE_LINE[0], probe("anchor", "icmp", "anchor", ANCHORS[:1])),
            devices=(),
            script={60: CUT, 180: MENDED},
        ),
        {"wan1": [UP, "unknown/unknown", "unknown/unknown", UP, UP]},
    ),
    "only one anchor is configured, and the port is down": (
        Play((ONE_LINE[0], probe("anchor", "icmp", "anchor", ANCHORS[:1])), script={60: CUT, 180: MENDED}),
        {"wan1": [UP, "unknown/line", "unknown/line", UP, UP]},
    ),
    "no anchor is configured": (Play(ONE_LINE[:2]), {"wan1": ["unknown/unknown"] * 5}),
    "packets are lost on the site's own network": (
        Play(script={60: {"lan_loss": 0.34}, 180: {"lan_loss": 0.0}}),
        {"wan1": [UP, "up*/lan", "up*/lan", UP, UP]},
    ),
    "packets are lost in one direction": (
        Play(
            (ONE_LINE[0], ONE_LINE[3], probe("ways", "stamp", "anchor", ("198.51.100.9",))),
            script={60: {"loss": 0.34, "backward_share": 0.0}, 180: {"loss": 0.0}},
        ),
        {"wan1": [UP, "up*/unknown", "up*/unknown", UP, UP]},
    ),
    "packets are lost before the first hop": (
        Play(script={60: {"loss": 0.34}, 180: {"loss": 0.0}}),
        {"wan1": [UP, "up*/line", "up*/line", UP, UP]},
    ),
    "a portal holds everything back": (
        Play(script={60: {"portal": True}, 180: {"portal": False}}),
        {"wan1": [UP, "unknown/unknown", "unknown/unknown", UP, UP]},
    ),
    "large packets vanish at the supplier": (
        Play(
            (*ONE_LINE, probe("way", "path", "", ("198.51.100.1",), every_seconds=30)),
            script={60: {"black_hole": 2}, 180: {"black_hole": -1}},
        ),
        {"wan1": [UP, "up*/isp", "up*/isp", UP, UP]},
    ),
    "the appliance's cable is pulled": (
        Play(script={60: {"cable": False}, 180: {"cable": True}}),
        {"wan1": [UP, "unknown/appliance", "unknown/appliance", UP, UP]},
    ),
    "the router's agent is silent, the line is not": (
        Play(script={60: {"agent": False}}),
        {"wan1": [UP] * 5, "site": [UP] * 5},
    ),
    "the supplier's first router is dead": (
        Play(script={60: {"hop": False}, 180: {"hop": True}}),
        {"wan1": [UP, "down/isp", "down/isp", UP, UP]},
    ),
    "nothing beyond the supplier's first router answers": (
        Play(devices=(), script={60: {"isp": False}, 180: {"isp": True}}),
        {"wan1": [UP, "down/isp", "down/isp", UP, UP]},
    ),
    "the first hop is found by a trace": (
        Play(
            (ONE_LINE[0], ONE_LINE[3], probe("way", "path", "", ("198.51.100.1",), every_seconds=20)),
            devices=(),
            script={60: {"isp": False}, 120: {"isp": True, **CUT}, 180: MENDED},
        ),
        {"wan1": [UP, "down/isp", "down/line", UP, UP]},
    ),
    "the mains is off, the router without it": (
        Play(
            devices=("router", "switch", "ups"),
            script={60: {"battery": True, "router": False, "switch": False}},
        ),
        {"wan1": [UP] + ["unknown/power"] * 4},
    ),
    "the mains is off, the supplier's box without it": (
        Play(devices=("router", "switch", "ups"), script={60: {"battery": True, "cpe": False}}),
        {"wan1": [UP] + ["down/power"] * 4},
    ),
    "the mains is off, all runs on": (
        Play(devices=("router", "switch", "ups"), script={60: {"battery": True}}),
        {"wan1": [UP] + ["up/power"] * 4},
    ),
    "the line comes and goes within minutes": (
        Play(script={n * 20.0: (CUT if n % 2 else MENDED) for n in range(3, 12)}),
        {"wan1": [UP, "up*/line", "up*/line", "up*/line", "down/line"]},
    ),
    "the line comes and goes by minutes": (
        Play(script={60: CUT, 120: MENDED, 180: CUT, 240: MENDED}),
        {"wan1": [UP, "down/line", UP, "down/line", UP]},
    ),
    "the line loses a little, and is slow": (
        Play(script={720: {"loss": 0.05, "slower": 0.030}, 840: {"loss": 0.0, "slower": 0.0}}, minutes=15),
        {"wan1": [UP] * 12 + ["up*/line"] * 2 + [UP]},
    ),
    "the line is slow because it is full": (
        Play(
            script={
                720: {"slower": 0.1, "traffic": {"wan1": 12.4e6}},
                840: {"slower": 0.0, "traffic": {"wan1": 2e5}},
            },
            minutes=15,
        ),
        {"wan1": [UP] * 12 + ["up*/none"] * 2 + [UP]},
    ),
    "access points are dark": (
        Play(devices=("router", "switch", "ap"), script={60: {"access_point": False}}),
        {"site": [UP] + ["up/wifi"] * 4},
    ),
    "the switch is dark": (
        Play(script={60: {"switch": False}}),
        {"site": [UP] + ["up/lan"] * 4},
    ),
    "netmon stands still for three minutes": (
        Play(script={60: pause, 240: resume}),
        {"wan1": [UP] + ["unknown/appliance"] * 3 + [UP]},
    ),
    "the line is cut while netmon stands still": (
        Play(script={60: pause, 90: CUT, 240: resume}),
        {"wan1": [UP] + ["unknown/appliance"] * 3 + ["down/line"]},
    ),
    "the clock is set an hour ahead in an outage": (
        Play(script={60: CUT, 150: lambda stage: stage.clock.step(3600), 240: MENDED}),
        {"wan1": [UP, "down/line", "down/line", "down/line", UP]},
    ),
    "the clock is set ten years back in an outage": (
        Play(script={60: CUT, 150: lambda stage: stage.clock.step(-315_360_000), 240: MENDED}),
        {"wan1": [UP, "down/line", "down/line", "down/line", UP]},
    ),
    "the router sends what is bound to a dead line by the other one, and the address shows it": (
        Play(
            (*TWO_LINES, *(probe(f"who {name}", "egress", "", ("198.51.100.3",), name) for name in BOTH)),
            BOTH,
            egress=True,
            script={60: {**CUT, "failover": True}, 240: MENDED},
        ),
        {
            "wan1": [UP, "down/line", "down/line", "down/line", UP],
            "wan2": [UP] * 5,
            "site": [UP, "up/line", "up/line", "up/line", UP],
        },
    ),
    "probes that are bound to nothing belong to the circuit whose address they show": (
        Play(
            (*UNBOUND, probe("who", "egress", "", ("198.51.100.3",), every_seconds=5)),
            BOTH,
            egress=True,
            script={60: CUT, 240: MENDED},
        ),
        {
            "wan1": [UP, "down/line", "down/line", "down/line", UP],
            "wan2": ["unknown/unknown", UP, UP, UP, "unknown/unknown"],
        },
    ),
    "the public address is nobody's": (
        Play(
            (*UNBOUND, probe("who", "egress", "", ("198.51.100.3",), every_seconds=5)),
            BOTH,
            devices=(),
            egress=True,
            script={60: {"egress": "unknown"}, 180: {"egress": ""}},
        ),
        {"wan1": [UP, "unknown/unknown", "unknown/unknown", UP, UP], "site": [UP] * 5},
    ),
    "nothing tells which of two circuits carried": (
        Play(UNBOUND, BOTH, devices=()),
        {"wan1": ["unknown/unknown"] * 5, "wan2": ["unknown/unknown"] * 5, "site": [UP] * 5},
    ),
}


@pytest.mark.parametrize(("play", "expected"), SCENES.values(), ids=SCENES.keys())
def test_each_minute_is_what_it_was_when(play, expected):
    stage = perform(play)
    told = {name: stage.told("" if name == "site" else name) for name in expected}
    assert told == expected, [record for record in stage.records if hasattr(record, "text")]
