"""The example of service probes is right, names what it promises, and asks nobody when it is checked."""

from pathlib import Path

import pytest

from netmon import plugins
from netmon.config import assignments, load

EXAMPLE = Path(__file__).parents[2] / "netmon.services.example.toml"


@pytest.fixture
def planned(tmp_path):
    """Use it as it says: in conf.d, beside a configuration that has a site."""
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "services.toml").write_text(EXAMPLE.read_text())
    path = tmp_path / "netmon.toml"
    path.write_text('[site]\nid = "library-12"\n')
    loaded = load(path, {})
    assert loaded.warnings == ()
    return {one.assignment.name: one for one in assignments(loaded.configuration) if one.job != "host"}


def test_the_example_is_right_as_a_part_of_a_configuration(planned):
    assert len(planned) == EXAMPLE.read_text().count("[[probe]]")


def test_it_has_what_a_council_waits_for(planned):
    assert set(planned) >= {"microsoft-365", "google-workspace", "gov-uk", "line-of-business", "vpn"}
    assert {one.source_name for one in planned.values()} >= {
        "http",
        "tls",
        "tcp",
        "icmp",
        "udp",
        "dns",
        "ntp",
    }


def test_services_never_stand_for_a_line(planned):
    assert {one.assignment.role for one in planned.values()} == {"service", "resolver"}


def test_every_probe_of_it_can_be_made(planned):
    for one in planned.values():
        plugins.source_type(one.source_name)(one.assignment, one.settings)
