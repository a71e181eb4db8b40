"""A device is removed, renamed or renumbered while the daemon runs: what scrapes show, and what not."""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from fakes.daemon import DaemonProcess
from fakes.peers import scrape
from fakes.snmp_agent import COMMUNITY, FakePort, FakeSwitch, bench

HEAD = """
[web]
listen = "127.0.0.1:{port}"

[site]
id = "{site}"

[credential.lab]
version = "2c"
community = {{ env = "COMMUNITY" }}
allow_weak = true
"""
DEVICE = """
[[device]]
name = "{name}"
address = "127.0.0.1:{port}"
credential = "lab"
every = "1s"
collect = {collect}
"""
PROBE = '\n[[probe]]\nname = "{name}"\ntype = "tcp"\ntargets = ["127.0.0.1:{port}"]\nevery = "1s"\n'
BOTH = '["system", "interfaces"]'


class Rig:
    """The daemon, two switches, and what a scrape shows of them. Everything here waits: not on the loop."""

    def __init__(self, daemon, switches):
        self.daemon, self.switches = daemon, switches

    def write(self, *names, site="lib", collect=BOTH, probe="door"):
        ports = [made.device.port for made in self.switches]
        devices = (
            DEVICE.format(name=name, port=port, collect=collect)
            for name, port in zip(names, ports, strict=False)
        )
        text = HEAD.format(port=self.daemon.port, site=site) + "".join(devices)
        self.daemon.config_file.write_text(text + PROBE.format(name=probe, port=self.daemon.port))

    def reload(self, *names, **changes):
        """Take up another configuration; return the first scrape after it."""
        self.write(*names, **changes)
        assert self.daemon.post("/-/reload")[0] == 200
        return self.samples()

    def samples(self):
        return scrape(f"http://127.0.0.1:{self.daemon.port}/metrics")

    def wait_for(self, *texts):
        def shown():
            samples = self.samples()
            return all(about(samples, text) for text in texts)

        self.daemon.wait_until(shown, f"series of {texts}")


def about(samples, *texts):
    """Return the samples with one of these texts in any label."""
    return [sample for sample in samples if {*texts} & {*sample.labels.values()}]


@pytest.fixture
def told(tmp_path):
    """Return what runs a story, with switches a and b and a probe, off the loop that the switches need."""

    async def tell(story):
        async with rig(tmp_path) as found:
            await asyncio.to_thread(story, found)

    return tell


@asynccontextmanager
async def rig(folder):
    async with AsyncExitStack() as stack:
        switches = [
            await stack.enter_async_context(
                bench(FakeSwitch([FakePort(n, f"Gi0/{n}".encode()) for n in range(1, 4)]))
            )
            for _ in range(2)
        ]
        daemon = DaemonProcess(folder, environ={"COMMUNITY": COMMUNITY})
        found = Rig(daemon, switches)
        found.write("a", "b")
        try:
            await asyncio.to_thread(daemon.start)
            await asyncio.to_thread(found.wait_for, "a", "b", "door", "ethernetCsmacd")
            yield found
        finally:
            daemon.kill()


async def test_a_device_that_is_removed_has_no_series_in_the_next_scrape(told):
    def story(rig):
        after = rig.reload("a")
        assert about(after, "b") == []
        assert {s.labels["ifName"] for s in about(after, "a") if s.name == "ifOperStatus"} == {
            "Gi0/1", "Gi0/2", "Gi0/3",
        }  # fmt: skip
        rig.wait_for("a")
        assert about(rig.samples(), "b") == []

    await told(story)


async def test_a_device_that_is_renamed_has_series_under_its_new_name_only(told):
    def story(rig):
        assert about(rig.reload("a", "core"), "b") == []
        rig.wait_for("core")
        assert about(rig.samples(), "b") == []
        assert about(rig.reload("core", "a"), "b") == []
        rig.wait_for("core", "a")
        ports = [(s.labels["device"], s.labels["ifName"]) for s in rig.samples() if s.name == "ifOperStatus"]
        assert len(ports) == len({*ports}) == 6

    await told(story)


async def test_what_is_not_collected_any_more_and_probes_that_are_renamed_leave_nothing(told):
    def story(rig):
        after = rig.reload("a", "b", collect='["system"]', probe="gate")
        assert [s for s in after if s.name.startswith("if") and s.name != "ifNumber"] == []
        assert about(after, "door", "interfaces") == []
        rig.wait_for("gate", "b")
        assert about(rig.samples(), "door", "interfaces") == []

    await told(story)


async def test_a_site_that_is_renamed_leaves_nothing_of_its_old_name(told):
    def story(rig):
        assert about(rig.reload("a", "b", site="library"), "lib") == []
        rig.wait_for("a", "b")
        assert about(rig.samples(), "lib") == []

    await told(story)


async def test_ports_that_are_renumbered_are_never_shown_under_two_numbers(told):
    def story(rig):
        for port in rig.switches[0].switch.ports:
            port.index += 100
        seen = {"1"}
        while seen != {"101"}:
            ports = [s for s in about(rig.samples(), "a") if s.name == "ifOperStatus"]
            assert len(ports) == 3, ports
            seen = {s.labels["ifIndex"] for s in ports if s.labels["ifName"] == "Gi0/1"}
            assert len(seen) == 1
        assert [s for s in about(rig.samples(), "a") if s.labels.get("ifIndex") in {"1", "2", "3"}] == []

    await told(story)
