"""From the real history to a pack that others check: `netmon evidence` with all its actions."""

import asyncio
import json
import subprocess
import sys
import zipfile
from contextlib import closing
from dataclasses import replace

import pytest
from fakes.clock import FakeClock
from fakes.records import stamp

from netmon.cli.evidence import EvidenceCommand
from netmon.cli.main import main
from netmon.evidence.seal.canonical import canonical
from netmon.evidence.seal.feed import seal_history
from netmon.evidence.seal.folder import SealError, SealFolder
from netmon.evidence.seal.verify import chain_faults
from netmon.model import Event, Reading, Retention, Row, Shape
from netmon.model.derived import CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS
from netmon.store.history import open_history
from netmon.store.interface import Entry
from netmon.store.reader import open_reader

MINUTES = 26 * 60
ROW = Row((("site", "s1"), ("circuit", "c1")))
SHAPE = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, (ROW,), Retention.EVIDENCE)
# The world of the test begins on 2027-01-15 at 08:00.
CONTRACTS = (
    "circuit,from,document,clause,site,availability,monthly,credits\n"
    "c1,2026-01-01,Order 1,4,s1,99.9%,95.00,below 99.9%: 5%; below 99.5%: 10%\n"
)


def minute(number, state):
    known = {"netmon_circuit_state": state, "netmon_circuit_fault": 0 if state else 1}
    columns = tuple((known.get(metric.name),) for metric in SHAPE.metrics)
    return Reading(SHAPE, stamp(60 * number + 30), columns, ("ok",))


def records(first, last):
    down = range(300, 360)
    yield from (minute(number, 0 if number in down else 1) for number in range(first, last))
    yield Event("note", (("site", "s1"),), "looked at", stamp(60 * last - 20), {}, Retention.EVIDENCE)


async def keep(folder, some):
    history = open_history(folder, FakeClock())
    try:
        history.accept(list(some))
        await history.commit()
    finally:
        await history.close()


def seal(state, now_minutes, capsys):
    """Seal as if it were so many minutes after the beginning."""
    command = EvidenceCommand(FakeClock(wall_ns=(1_800_000_000 + 60 * now_minutes) * 10**9))
    options = type("Options", (), {"action": "seal", "state": state, "site": "s1", "json": True})()
    assert command.run(options) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def state(tmp_path):
    asyncio.run(keep(tmp_path, records(0, MINUTES)))
    return tmp_path


def test_from_the_history_to_a_pack_that_holds(state, capsys):
    told = seal(state, MINUTES, capsys)
    assert (told["hours"], told["records"]) == (25, 1500), "the last hour is still open"
    assert seal(state, MINUTES, capsys)["hours"] == 0
    asyncio.run(keep(state, records(MINUTES, MINUTES + 180)))
    assert seal(state, MINUTES + 180, capsys)["hours"] == 3

    (state / "inputs").mkdir()
    (state / "inputs" / "contracts.csv").write_text(CONTRACTS)
    pack, roots = state / "pack.zip", state / "roots.txt"
    assert main(["evidence", "roots", "--state", str(state)]) == 0
    roots.write_text(capsys.readouterr().out)
    words = [
        "--circuit",
        "c1",
        "--month",
        "2027-01",
        "--inputs",
        str(state / "inputs"),
        "--output",
        str(pack),
    ]
    assert main(["evidence", "pack", "--state", str(state), *words]) == 0
    capsys.readouterr()
    assert main(["evidence", "verify", str(pack), "--root", str(roots)]) == 0
    out = capsys.readouterr().out
    assert "the pack holds" in out
    assert "2 days agree with the outside roots; 0 of 28 hours have no outside root behind them" in out
    assert main(["evidence", "recompute", str(pack)]) == 0
    with zipfile.ZipFile(pack) as archive:
        found = json.loads(archive.read("findings.json"))["stretches"][0]
    assert found["minutes"]["down"] == 60
    assert found["outages"][0][2:] == [60, "supplier"]
    assert (found["verdict"], found["credit"]["pence"]) == ("fail", 475)  # 60 of 44 640: 99.866 %
    done = subprocess.run(
        [sys.executable, "-I", str(pack), "--root", str(roots)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")

    damaged = state / "damaged.zip"
    with zipfile.ZipFile(pack) as archive, zipfile.ZipFile(damaged, "w") as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name).replace(b'"state":"down"', b'"state":"up"'))
    assert main(["--log-level", "info", "evidence", "verify", str(damaged), "--json"]) == 1
    assert "was changed" in capsys.readouterr().out
    assert main(["evidence", "recompute", str(damaged)]) == 1
    assert "its figures mean nothing" in capsys.readouterr().err


def test_what_was_written_after_the_standing_is_cut_off_and_sealed_again(state, capsys):
    folder = state / "evidence"
    seal(state, 240, capsys)
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in ("roots.jsonl", "chain-2027-01.jsonl"):
        with (folder / name).open("ab") as file:
            file.write(b'{"half a li')
    assert seal(state, MINUTES, capsys)["hours"] == 22
    lines = (folder / "roots.jsonl").read_bytes()
    assert lines.startswith(kept["roots.jsonl"])
    assert len(SealFolder(folder).roots()) == 25


def test_two_writers_make_no_two_chains(state, capsys):
    first, second = SealFolder(state / "evidence"), SealFolder(state / "evidence")
    with first.writing(), pytest.raises(SealError, match="another process seals"), second.writing():
        pass
    seal(state, 240, capsys)
    with closing(open_reader(state)) as reader:
        assert seal_history(reader, second, "s1", (1_800_000_000 + 60 * 240) * 1000) == 0, "it looked again"


def test_a_damaged_standing_begins_no_second_chain(state, capsys):
    seal(state, 240, capsys)
    path = state / "evidence" / "standing.json"
    path.write_bytes(b"{}")
    with pytest.raises(SealError, match="second chain"):
        SealFolder(state / "evidence")
    path.write_bytes(canonical({"format": 9}))
    with pytest.raises(SealError, match="format 9"):
        SealFolder(state / "evidence")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["verify", "nowhere.zip"], 1, "cannot be opened as a pack"),
        (
            ["pack", "--circuit", "c1", "--month", "march", "--inputs", ".", "--output", "x"],
            2,
            "is not a month",
        ),
        (["pack", "--circuit", "c1", "--month", "2027-01", "--inputs", ".", "--output", "x"], 2, "no terms"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(words, code, told, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state = ["--state", str(tmp_path)] if words[0] == "pack" else []
    assert main(["evidence", *words, *state]) == code
    assert told in capsys.readouterr().err


def test_the_centre_s_files_are_checked_whole(tmp_path, capsys):
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    assert main(["evidence", "check", str(tmp_path)]) == 0
    assert "circuits: 1" in capsys.readouterr().out
    (tmp_path / "contracts.csv").write_text(CONTRACTS.replace("99.9%,95.00", "999%,a lot"))
    assert main(["evidence", "check", str(tmp_path)]) == 78
    told = capsys.readouterr().err
    assert "the configuration has 2 mistakes" in told
    assert "contracts.csv: line 2, column \"monthly\": 'a lot' is not money such as 95.00" in told


def test_a_file_without_roots_is_no_proof(state, tmp_path, capsys):
    seal(state, 240, capsys)
    (tmp_path / "mail.txt").write_text("Dear all,\n")
    (tmp_path / "contracts.csv").write_text(CONTRACTS)
    words = [
        "--circuit",
        "c1",
        "--month",
        "2027-01",
        "--inputs",
        str(tmp_path),
        "--output",
        str(tmp_path / "p.zip"),
    ]
    assert main(["evidence", "pack", "--state", str(state), *words]) == 0
    assert main(["evidence", "verify", str(tmp_path / "p.zip"), "--root", str(tmp_path / "mail.txt")]) == 2
    assert "netmon-root" in capsys.readouterr().err


def test_a_long_history_is_sealed_in_pieces_to_the_same_chain(state, tmp_path_factory):
    chains = []
    for most in (100, 20_000):
        folder = SealFolder(tmp_path_factory.mktemp("chain"))
        with closing(open_reader(state)) as reader:
            assert seal_history(reader, folder, "s1", (1_800_000_000 + 60 * MINUTES) * 1000, most) == 25
        chains.append(folder.stretch(0, 10**9).entries)
    assert chains[0] == chains[1]
    assert len(chains[0]) == 1500


class Told:
    """A history that was told records in some order."""

    def __init__(self, told):
        self._entries = [Entry(place, one) for place, one in enumerate(told, 1)]

    def after(self, position, count):
        return self._entries[position : position + count]


def test_more_late_records_than_are_taken_at_once_do_not_keep_the_chain_from_going_on(tmp_path):
    folder = SealFolder(tmp_path)
    now_ms = (1_800_000_000 + 60 * 1000) * 1000
    first, late, then = (
        [minute(number, 1) for number in some] for some in (range(480, 540), range(480), range(540, 660))
    )
    assert seal_history(Told(first), folder, "s1", (1_800_000_000 + 60 * 570) * 1000) == 1
    assert seal_history(Told([*first, *late, *then]), folder, "s1", now_ms, most=100) == 7
    entries = folder.stretch(0, 10**9).entries
    assert sum(entry.rec["kind"] == "amendment" for entry in entries) == len(late)
    assert list(chain_faults(entries)) == []


def test_a_boot_with_a_clock_of_2099_does_not_keep_the_chain_from_going_on(tmp_path):
    folder = SealFolder(tmp_path)
    lost = minute(0, 1)
    later = [replace(lost, stamp=replace(lost.stamp, wall_ms=4_070_908_800_000, synced=False))] * 5
    told = Told([*later, *(minute(number, 1) for number in range(480, 660))])
    now_ms = (1_800_000_000 + 60 * 700) * 1000
    assert seal_history(told, folder, "s1", now_ms, most=2) == 3
    assert [root.root.late for root in folder.roots()] == [5, 0, 0]
    assert list(chain_faults(folder.stretch(0, 10**9).entries)) == []
    assert seal_history(told, folder, "s1", now_ms, most=2) == 0


def test_a_boot_with_a_clock_of_1970_does_not_begin_the_chain_there(tmp_path):
    folder = SealFolder(tmp_path)
    lost = [minute(number, 1) for number in range(3)]
    early = [replace(one, stamp=replace(one.stamp, wall_ms=90_000, synced=False)) for one in lost]
    told = Told([*early, *(minute(number, 1) for number in range(480, 540))])
    assert seal_history(told, folder, "s1", (1_800_000_000 + 60 * 570) * 1000) == 1
    (root,) = folder.roots()
    assert (root.root.count, root.root.late) == (63, 3)


@pytest.mark.parametrize("most", [10, 20_000])
def test_many_days_of_1970_do_not_begin_the_chain_there(most, tmp_path):
    folder = SealFolder(tmp_path)
    lost = [minute(number, 1) for number in range(300)]
    early = [
        replace(one, stamp=replace(one.stamp, wall_ms=60_000 * number, synced=False))
        for number, one in enumerate(lost)
    ]
    now_ms = (1_800_000_000 + 60 * 570) * 1000
    assert seal_history(Told(early), folder, "s1", now_ms, most) == 0
    told = Told([*early, *(minute(number, 1) for number in range(480, 540))])
    assert seal_history(told, folder, "s1", now_ms, most) == 1
    assert [one.root.late for one in folder.roots()] == [300]
