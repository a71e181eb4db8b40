"""The own-host collector over a recorded machine, over nothing, and over this machine."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from fakes.context import FakeClock, make_context

from collectors.host import HostCollector, HostSettings, _OwnThread, state_folder
from netmon import sdk

PI = Path(__file__).parent.parent / "fixtures" / "host" / "pi"
ASSIGNMENT = sdk.Assignment("host", ("localhost",), every_seconds=30, timeout_seconds=5)


async def read(root: Path, **context) -> dict[str, sdk.Reading]:
    collector = HostCollector(ASSIGNMENT, HostSettings(folder=str(PI)), root=root)
    await collector.open(make_context(**context))
    try:
        records = await collector.read()
    finally:
        await collector.close()
    return {record.shape.measurement: record for record in records if isinstance(record, sdk.Reading)}


def cells(reading: sdk.Reading, row: int = 0) -> dict[tuple[str, ...], sdk.Value]:
    """Return values by name and constant label values."""
    names = [
        (m.name.removeprefix("netmon_host_"), *(text for _, text in m.labels)) for m in reading.shape.metrics
    ]
    return dict(zip(names, (column[row] for column in reading.columns), strict=True))


async def test_a_raspberry_pi_tells_processor_memory_disk_and_firmware():
    reading = (await read(PI))["host"]
    found = cells(reading)
    assert reading.outcomes == (sdk.Outcome.OK,)
    assert reading.shape.rows[0].key == (("site", "test-site"),)
    assert found["cpu_seconds_total", "user"] == 1325.14
    assert found["load_average", "5m"] == 0.31
    assert found["memory_available_bytes",] == 611212 * 1024
    assert found["boot_time_seconds",] == 1767225600
    assert found["throttled", "under_voltage", "now"] == 1
    assert found["filesystem_size_bytes",] > found["filesystem_free_bytes",] > 0
    assert found["clock_synchronised",] in (0, 1)


async def test_sensors_are_rows_and_a_thermal_zone_is_not_shown_twice():
    reading = (await read(PI))["host_sensor"]
    assert [dict(row.key)["sensor"] for row in reading.shape.rows] == ["cpu-thermal", "hwmon1 rp1_adc temp1"]
    assert reading.columns == ([48.312, 51.002],)


async def test_interfaces_are_rows_without_loopback_and_containers():
    reading = (await read(PI))["host_interface"]
    assert [dict(row.key)["interface"] for row in reading.shape.rows] == ["eth0", "wlan0"]
    eth0, wlan0 = cells(reading, 0), cells(reading, 1)
    assert eth0["network_receive_bytes_total",] == 9876543210
    assert eth0["network_transmit_drops_total",] == 2
    assert eth0["network_speed_bytes_per_second",] == 125_000_000
    assert eth0["network_full_duplex",] == 1
    assert (wlan0["network_up",], wlan0["network_carrier",]) == (0, None)


async def test_counters_start_anew_with_a_boot_or_with_a_new_interface_of_the_same_name(tmp_path):
    shutil.copytree(PI, tmp_path / "pi")
    first = await read(tmp_path / "pi", clock=FakeClock())
    again = await read(tmp_path / "pi", clock=FakeClock())
    (tmp_path / "pi/sys/class/net/wlan0/ifindex").write_text("9\n")
    plugged = await read(tmp_path / "pi", clock=FakeClock())
    booted = await read(tmp_path / "pi", clock=FakeClock(boot_id="other"))
    eth0, wlan0 = first["host_interface"].epochs
    assert again["host_interface"].epochs == (eth0, wlan0)
    assert plugged["host_interface"].epochs[0] == eth0
    assert plugged["host_interface"].epochs[1] != wlan0
    assert booted["host"].epochs != first["host"].epochs


async def test_where_every_file_is_hidden_values_are_unknown_and_none_is_zero(tmp_path):
    found = await read(tmp_path)
    assert found.keys() == {"host"}
    assert found["host"].outcomes == (sdk.Outcome.PARTIAL,)
    hidden = {
        name: value
        for name, value in cells(found["host"]).items()
        if name[0].startswith(("cpu", "mem", "thr"))
    }
    assert hidden
    assert set(hidden.values()) == {None}


async def test_files_of_garbage_cost_their_values_only(tmp_path):
    shutil.copytree(PI, tmp_path / "pi")
    for file in (tmp_path / "pi").rglob("*"):
        if file.is_file() and file.name not in ("ifindex", "dev"):
            file.write_bytes(b"\xff\x00\x1b[2J -1 e9 0x" * 50)
    found = await read(tmp_path / "pi")
    assert found["host"].outcomes == (sdk.Outcome.PARTIAL,)
    assert cells(found["host_interface"])["network_receive_packets_total",] == 7654321
    assert cells(found["host_interface"])["network_mtu_bytes",] is None


async def test_this_machine_is_read_and_shapes_keep_their_identity():
    collector = HostCollector(ASSIGNMENT, HostSettings())
    await collector.open(make_context())
    first, second = await collector.read(), await collector.read()
    await collector.close()
    assert [r.shape for r in first if isinstance(r, sdk.Reading)] == [
        r.shape for r in second if isinstance(r, sdk.Reading)
    ]
    facts = [record for record in first if isinstance(record, sdk.Fact)]
    assert [fact.kind for fact in facts] == ["host"]
    assert facts[0].values["kernel"].startswith("Linux")


async def test_a_disk_that_hangs_is_asked_once_and_answers_later():
    released, calls = threading.Event(), []

    def hang() -> str:
        calls.append(1)
        released.wait(5)
        return "back"

    thread = _OwnThread("test")
    assert await thread.ask(hang, 0.01) is None
    assert await thread.ask(hang, 0.01) is None
    released.set()
    assert await thread.ask(hang, 5) == "back"
    assert len(calls) == 1
    thread.close()


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"STATE_DIRECTORY": "/var/lib/netmon:/var/lib/more", "HOME": "/srv/somebody"}, "/var/lib/netmon"),
        ({"HOME": "/srv/pi"}, "/srv/pi"),
        ({}, "/"),
    ],
)
def test_the_watched_disk_is_the_one_that_holds_the_state(environ, folder):
    assert state_folder(environ) == folder
