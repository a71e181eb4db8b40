"""Who is let in, how often, and what is told once."""

from collectors.traps import own_engine
from collectors.traps.counts import Reason
from collectors.traps.gate import Gate, Once, Rates, Recent
from collectors.traps.own_engine import begin

NOW = 1000.0


def let_in(gate, address, times, now=NOW):
    return sum(gate.refuse(address, now) is None for _ in range(times))


def test_a_device_may_send_its_burst_and_then_its_rate():
    gate = Gate(Rates(per_second=10.0, burst=100))
    gate.know({"192.0.2.1": "router"})
    assert let_in(gate, "192.0.2.1", 10_000) == 100
    assert gate.refuse("192.0.2.1", NOW) is Reason.RATE
    assert let_in(gate, "192.0.2.1", 100, NOW + 1.0) == 10


def test_strangers_of_any_number_take_little_and_no_place_of_a_device():
    gate = Gate(Rates())
    gate.know({"192.0.2.1": "router"})
    found = sum(let_in(gate, f"198.51.{n // 250}.{n % 250}", 3) for n in range(5_000))
    assert found == 40
    assert gate.refuse("203.0.113.1", NOW) is Reason.STRANGER
    assert len(gate._strangers) == 256
    assert let_in(gate, "192.0.2.1", 100) == 100


def test_all_devices_together_have_a_limit_too():
    gate = Gate(Rates(all_per_second=200.0, all_burst=1000))
    gate.know({f"192.0.2.{n}": f"d{n}" for n in range(50)})
    assert sum(let_in(gate, f"192.0.2.{n}", 100) for n in range(50)) == 1000
    assert gate.refuse("192.0.2.49", NOW) in (Reason.ALL, Reason.RATE)


def test_a_bucket_stays_when_the_addresses_are_looked_up_again():
    gate = Gate(Rates(burst=5))
    gate.know({"192.0.2.1": "router"})
    assert let_in(gate, "192.0.2.1", 9) == 5
    gate.know({"192.0.2.1": "router", "192.0.2.2": "switch"})
    assert (let_in(gate, "192.0.2.1", 9), let_in(gate, "192.0.2.2", 9)) == (0, 5)
    assert gate.device("192.0.2.2") == "switch"


def test_a_key_is_new_once_per_while_and_only_so_many_are():
    once = Once(3600.0, 2)
    assert [once.first(key, NOW) for key in ("a", "a", "b", "c")] == [True, False, True, False]
    assert [once.first(key, NOW + 3600.0) for key in ("c", "a")] == [True, True]


def test_a_datagram_is_known_again_until_it_is_old_or_many_came_after_it():
    recent = Recent(150.0, 3)
    assert [recent.again(key, NOW) for key in ("a", "a")] == [False, True]
    assert not recent.again("a", NOW + 150.0)
    assert [recent.again(key, NOW + 151.0) for key in ("b", "c", "d", "a")] == [False, False, False, False]


def test_the_own_engine_keeps_its_identity_and_counts_its_starts(tmp_path):
    first, second = begin(tmp_path, 5.0), begin(tmp_path, 9.0)
    assert first.engine_id == second.engine_id
    assert (first.boots, second.boots, second.seconds(12.9)) == (1, 2, 3)


def test_where_nothing_can_be_kept_it_is_another_engine_each_time(tmp_path):
    nowhere = tmp_path / "no" / "folder"
    assert begin(nowhere, 0.0).engine_id != begin(nowhere, 0.0).engine_id
    assert begin(None, 0.0).boots == 1


def test_a_damaged_file_is_a_new_engine_and_the_last_start_there_is_begins_anew(tmp_path):
    path = tmp_path / own_engine._FILE
    path.write_bytes(b"\xff\x00 rubbish")
    found = begin(tmp_path, 0.0)
    assert found.boots == 1
    path.write_text(f"{found.engine_id.hex()} {2**31 - 1}\n")
    assert begin(tmp_path, 0.0).boots == 1
