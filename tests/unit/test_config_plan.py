import pytest
from fakes.catalogue import PingSettings, fake_catalogue

from netmon.config import Options, assignments, circuits, load
from netmon.config.watch import DEFAULT_COLLECT
from netmon.sdk import Circuit, SnmpVersion

SITE = """
[site]
id = "library-12"
[[circuit]]
id = "wan1"
down = "100Mbit/s"
wan = { device = "router", interface = "ge-0/0/0" }
source = "192.0.2.9"
[[circuit]]
id = "wan2"
source = "wwan0"
backup_of = "wan1"
[credential.core]
version = "2c"
community = { env = "C" }
allow_weak = true
[credential.new]
version = "3"
user = "u"
auth_secret = { env = "C" }
privacy = "none"
allow_weak = true
[[device]]
name = "router"
address = "192.0.2.1:1161"
credential = "core"
role = "router"
timeout = "3s"
[device.settings.interfaces]
rows = 7
[[device]]
name = "switch"
address = "[2001:db8::2]"
credential = "new"
collect = ["system"]
every = "4s"
parent = "router"
[[probe]]
type = "icmp"
targets = ["192.0.2.1"]
role = "gateway"
[[probe]]
name = "far"
type = "icmp"
targets = ["198.51.100.1", "203.0.113.1"]
circuit = "wan1"
every = "1s"
settings = { packets = 5 }
"""


@pytest.fixture
def plan(tmp_path):
    def plan(text=SITE, **environ):
        path = tmp_path / "netmon.toml"
        path.write_text(text)
        options = Options(catalogue=fake_catalogue())
        return assignments(load(path, {"C": "long-community"} | environ, options).configuration)

    return plan


def test_everything_that_was_asked_for_is_planned_and_the_own_host_too(plan):
    assert [
        (one.job, one.source_name, one.every_seconds, one.assignment.timeout_seconds) for one in plan()
    ] == [
        ("host", "host", 30, 10),
        ("probe/icmp", "icmp", 10, 5),
        ("probe/far", "icmp", 1, 0.5),
        *(("device/router", name, 30, 3) for name in DEFAULT_COLLECT),
        ("device/switch", "system", 4, 2),
    ]


def test_a_probe_knows_its_targets_role_circuit_and_settings(plan):
    _, gateway, far, *_ = plan()
    assert (gateway.assignment.name, gateway.assignment.role, gateway.circuit) == ("icmp", "gateway", None)
    assert far.assignment.targets == ("198.51.100.1", "203.0.113.1")
    assert far.assignment.circuit == "wan1"
    assert far.circuit == Circuit("wan1", down_bits_per_second=100_000_000, source_address="192.0.2.9")
    assert far.settings == PingSettings(packets=5)
    assert far.site == "library-12"


def test_what_is_new_about_the_only_circuit_opens_a_probe_again_that_names_none(plan):
    text = '[site]\nid = "lib"\n[[probe]]\ntype = "icmp"\ntargets = ["192.0.2.1"]\n[[circuit]]\nid = "line"\n'
    before, after = ({one.job: one for one in plan(text + more)} for more in ("", "metered = true\n"))
    assert before["probe/icmp"] != after["probe/icmp"]
    assert before["host"] == after["host"]


def test_a_collector_knows_its_device_credential_and_wan_ports(plan):
    _, interfaces, *_, switch = plan()[3:]
    device = interfaces.assignment.require_device()
    assert (device.address, device.port, device.role) == ("192.0.2.1", 1161, "router")
    assert device.wan == {"ge-0/0/0": "wan1"}
    assert interfaces.settings.rows == 7
    assert interfaces.assignment.targets == ("router",)
    assert device.credential.version is SnmpVersion.V2C
    assert device.credential.community.get_secret_value() == "long-community"
    assert device.credential.auth is None
    other = switch.assignment.require_device()
    assert (other.address, other.port, other.parent) == ("2001:db8::2", 161, "router")
    assert (other.credential.auth, other.credential.privacy) == ("SHA-256", None)


def test_a_circuit_is_bound_by_address_or_by_interface(tmp_path):
    path = tmp_path / "netmon.toml"
    path.write_text(SITE)
    loaded = load(path, {"C": "long-community"}, Options(catalogue=fake_catalogue()))
    known = circuits(loaded.configuration)
    assert (known["wan1"].source_address, known["wan1"].interface) == ("192.0.2.9", "")
    assert (known["wan2"].source_address, known["wan2"].interface) == ("", "wwan0")


def test_a_probe_of_the_own_host_replaces_the_built_in_one(plan):
    text = SITE + '[[probe]]\ntype = "host"\ntargets = ["localhost"]\nevery = "5s"\n'
    assert [(one.job, one.every_seconds) for one in plan(text) if one.source_name == "host"] == [
        ("probe/host", 5)
    ]


def jobs_that_differ(old, new):
    return [one.job for one in new if one not in old]


def test_the_same_file_makes_an_equal_plan(plan):
    assert plan() == plan()


@pytest.mark.parametrize(
    ("old", "new", "jobs"),
    [
        ("packets = 5", "packets = 6", ["probe/far"]),
        ('source = "192.0.2.9"', 'source = "192.0.2.8"', ["probe/far"]),
        ('every = "4s"', 'every = "5s"', ["device/switch"]),
        ("rows = 7", "rows = 8", ["device/router"]),
        ('"ge-0/0/0"', '"ge-0/0/1"', ["device/router"] * len(DEFAULT_COLLECT)),
        ('name = "far"', 'name = "near"', ["probe/near"]),
        ("[[circuit]]", "[web]\n[[circuit]]", []),
    ],
    ids=["settings", "circuit", "interval", "collector's settings", "wan", "name", "something else"],
)
def test_only_what_changed_differs_after_a_reload(plan, old, new, jobs):
    assert jobs_that_differ(plan(), plan(SITE.replace(old, new, 1))) == jobs


def test_a_new_secret_makes_what_uses_it_differ(plan):
    assert set(jobs_that_differ(plan(), plan(C="another-community"))) == {"device/router", "device/switch"}


def test_another_site_makes_everything_differ(plan):
    other = plan(SITE.replace("library-12", "library-13"))
    assert len(jobs_that_differ(plan(), other)) == len(other)


def test_a_probe_is_given_its_circuit_only_where_nothing_else_could_carry_it(tmp_path):
    probe = '[site]\nid = "s"\n[[probe]]\ntype = "icmp"\ntargets = ["192.0.2.1"]\ncircuit = "a"\n'
    one, other = '[[circuit]]\nid = "a"\n', '[[circuit]]\nid = "b"\n'
    bound = '[[circuit]]\nid = "a"\nsource = "10.0.0.2"\n'
    for text, circuit in ((one, "a"), (one + other, ""), (bound + other, "a")):
        (tmp_path / "netmon.toml").write_text(probe + text)
        options = Options(catalogue=fake_catalogue())
        configuration = load(tmp_path / "netmon.toml", {}, options).configuration
        (planned,) = [each for each in assignments(configuration) if each.source_name == "icmp"]
        assert planned.assignment.circuit == circuit


BANDWIDTH = """
[site]
id = "library-12"
[[probe]]
type = "bandwidth"
targets = ["192.0.2.9"]
every = "1m"
{more}
[[probe]]
type = "icmp"
targets = ["192.0.2.1"]
every = "4s"
"""


@pytest.mark.parametrize(("more", "seconds"), [("", 60.0), ('timeout = "20s"', 20.0)])
def test_a_probe_may_take_what_its_type_usually_takes_unless_it_says_otherwise(tmp_path, more, seconds):
    path = tmp_path / "netmon.toml"
    path.write_text(BANDWIDTH.format(more=more))
    planned = {one.source_name: one for one in assignments(load(path, {}).configuration)}
    assert planned["bandwidth"].assignment.timeout_seconds == seconds
    assert planned["icmp"].assignment.timeout_seconds == 2.0
