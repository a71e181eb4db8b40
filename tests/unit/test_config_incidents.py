"""What a person may get wrong in the tables of incidents, rules and planned work."""

import pytest

from netmon.config import Options, load
from netmon.config.schema import IncidentsSection
from netmon.errors import ConfigError

SITE = """
[site]
id = "lib"
[[circuit]]
id = "wan1"
[[probe]]
type = "icmp"
role = "anchor"
targets = ["192.0.2.1"]
"""
WORK = '[[maintenance]]\nname = "w"\n'
RULE = '[[rule]]\nname = "r"\n'


def mistakes(tmp_path, text):
    path = tmp_path / "netmon.toml"
    path.write_text(SITE + text)
    with pytest.raises(ConfigError) as caught:
        load(path, {}, Options(secrets=False))
    return {one.path: f"{one.problem}; {one.hint}" for one in caught.value.mistakes}


MISTAKES = {
    "more than there are": (
        '[incidents]\nopen_down = "4 of 3"',
        "incidents.open_down",
        "how many of how many",
    ),
    "no count": ('[incidents]\nopen_down = "two"', "incidents.open_down", "such as '2 of 3'"),
    "neither time nor calendar": (WORK, 'maintenance["w"]', "needs start and end, or a calendar"),
    "no end": (WORK + 'start = "2026-03-01 22:00"', 'maintenance["w"].end', "is missing"),
    "backwards": (
        WORK + 'start = "2026-03-01 22:00"\nend = "2026-03-01 21:00"',
        'maintenance["w"].end',
        "is not after",
    ),
    "no time": (WORK + 'start = "tomorrow"\nend = "x"', 'maintenance["w"].start', "is not a day and a time"),
    "a calendar by http": (
        WORK + 'calendar = "http://example.org/a.ics"',
        'maintenance["w"].calendar',
        "https URL",
    ),
    "something unknown is covered": (
        WORK + 'calendar = "/a.ics"\ncovers = ["wan2"]',
        'maintenance["w"].covers[1]',
        'no circuit or device is called "wan2"; did you mean "wan1"',
    ),
    "an unknown metric": (
        RULE + 'metric = "probe_sucess"\nbelow = 1',
        'rule["r"].metric',
        'did you mean "probe_success"',
    ),
    "a counter's value": (
        RULE + 'metric = "netmon_host_network_receive_bytes_total"\nabove = 1',
        'rule["r"].metric',
        "",
    ),
    "a rate of a gauge": (
        RULE + 'metric = "probe_success"\nrate_above = 1',
        'rule["r"].metric',
        "no counter",
    ),
    "a text": (
        RULE + 'metric = "netmon_circuit_fault_info"\nchanged = true',
        'rule["r"].metric',
        "is a text",
    ),
    "a supplier of nobody's": (
        '[[probe]]\nname = "x"\ntype = "icmp"\ntargets = ["192.0.2.9"]\nsupplier = "Acme"',
        'probe["x"].supplier',
        "goes with outside_of only",
    ),
}


@pytest.mark.parametrize(("text", "path", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_told_where_it_is(tmp_path, text, path, words):
    found = mistakes(tmp_path, text)
    assert words in found[path]


def test_without_a_word_the_defaults_are_those_of_the_engine():
    from netmon.app.incident_settings import policy
    from netmon.incidents.policy import Policy

    assert policy(IncidentsSection()) == Policy()
