"""Commissioning: buckets out of curves, records that are signed, and what tests take from them."""

import os
from dataclasses import replace

import pytest
from fakes.context import FakeClock, FakeLedger, make_context
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon import sdk
from probes.bandwidth.commission import instrument
from probes.bandwidth.commission.kept import Commissioning
from probes.bandwidth.commission.labels import bucket_for, ceiling_of, labelled
from probes.bandwidth.commission.paper import Standing, paper, summary
from probes.bandwidth.commission.path_test import PathFinding
from probes.bandwidth.commission.signature import sign, verified
from probes.bandwidth.commission.token_bucket import Bucket, learn
from probes.bandwidth.curve import Curve
from probes.bandwidth.layers import Layer, full_packet
from probes.bandwidth.measured import Direction, Measured, Stop
from probes.bandwidth.witness import Card, HostState

SECONDS, BIN = 12.0, 0.1
HOST = HostState((0.2, 0.1), 0.5, Card("eth0", 1_000_000_000, True, False), True, 0.001)
LINE = sdk.Circuit("line", 100_000_000, 20_000_000)
BUCKET = Bucket(100e6, 5e6, 20e6)


def drawn(peak, burst, sustained, seconds=SECONDS):
    """Return the curve of a sender that takes all that a bucket (bytes and bytes per second) gives."""
    total, left, found = 0.0, burst, [(0.0, 0.0)]
    for at in range(1, round(seconds / BIN) + 1):
        grown = min(peak * BIN, left + sustained * BIN)
        left = min(left + sustained * BIN - grown, burst)
        total += grown
        found.append((at * BIN, total))
    return found


@settings(max_examples=40)
@given(st.floats(1e5, 1e7), st.floats(1.5, 10), st.floats(1.0, 5.0))
def test_a_bucket_is_learned_from_a_transfer_that_emptied_it(sustained, faster, lasts_seconds):
    burst = (faster - 1) * sustained * lasts_seconds
    found = learn(drawn(faster * sustained, burst, sustained))
    assert found.sustained_bits_per_second == pytest.approx(8 * sustained, rel=0.02)
    assert found.peak_bits_per_second == pytest.approx(8 * faster * sustained, rel=0.02)
    assert found.burst_bytes == pytest.approx(burst, rel=0.05)


def by_rates(*rates):
    total, found = 0.0, [(0.0, 0.0)]
    for at, rate in enumerate(rates, 1):
        total += rate
        found.append((at * BIN, total))
    return found


@pytest.mark.parametrize(
    "curve",
    [
        by_rates(*[100] * 100),
        by_rates(*[1, 2, 4, 8, 16, 32, 64], *[100] * 100),
        by_rates(*([100, 100, 100, 60] * 25)),
        by_rates(*[100] * 90, *[30] * 10),
        by_rates(*[100] * 5),
        [],
    ],
    ids=["steady", "slow start", "up and down", "slower only in the end", "too short", "nothing"],
)
def test_what_is_no_bucket_is_not_taken_for_one(curve):
    assert learn(curve) is None


def test_a_pause_in_which_the_bucket_fills_again_does_not_hide_it():
    rates = [100] * 10 + [20] * 50 + [5, 5, 35, 35] + [20] * 40
    assert learn(by_rates(*rates)).sustained_bits_per_second == pytest.approx(20 * 8 / BIN, rel=0.02)


# The record


def measured(megabits=95.0, **more):
    curve = Curve()
    for seconds, total in drawn(12.5e6, 5e6, 2.5e6, 6.0):
        curve.add(seconds, round(total))
    found = Measured(megabits * 1e6, Layer.TCP, full_packet(4), 10.0, Stop.TIME, curve=curve, server="far")
    return replace(found, **more)


def document(bucket=BUCKET):
    found = {
        Direction.DOWN: PathFinding("http", measured(), HOST, 10_000_000, 99e6, bucket),
        Direction.UP: PathFinding("http", measured(19.0), HOST, 2_000_000, None, None),
    }
    standing = Standing("library", LINE, "socket in the cupboard", "A. Person", HOST)
    own = {"http": {Direction.DOWN: 9_000_000_000, Direction.UP: 10_000_000}, "ndt7": {Direction.DOWN: 1}}
    return paper(standing, FakeClock(), own, found, {})


def signed(folder, made=None):
    made = made or document()
    path = instrument.record_path(folder, "line")
    instrument.write(path, made, *sign(instrument.canonical(made), folder / "key"))
    return path


def test_a_record_is_read_as_it_was_signed(tmp_path):
    found = instrument.read(signed(tmp_path))
    assert found.document == document()
    assert found.buckets == {Direction.DOWN: BUCKET}
    assert found.learned == {Direction.DOWN, Direction.UP}
    assert found.spent_bytes == 12_000_000
    # At half a core, the path's test says less than loopback does; up, loopback had less.
    assert found.ceilings["http", Direction.DOWN] == 190_000_000
    assert found.ceilings["http", Direction.UP] == 10_000_000
    assert found.stands_for(LINE)
    assert not found.stands_for(replace(LINE, down_bits_per_second=200_000_000))


def test_a_record_holds_no_float_so_that_it_has_one_spelling():
    def floats(value):
        if isinstance(value, dict):
            return any(map(floats, value.values()))
        return any(map(floats, value)) if isinstance(value, list) else isinstance(value, float)

    assert not floats(document())


def test_a_record_that_was_changed_is_refused(tmp_path):
    path = signed(tmp_path)
    path.write_text(path.read_text().replace("A. Person", "B. Person"))
    with pytest.raises(sdk.SourceError, match="not what was signed"):
        instrument.read(path)


@settings(max_examples=30)
@given(st.binary(max_size=60))
def test_what_is_no_record_is_refused_in_words(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "no-record.json"
    path.write_bytes(text)
    with pytest.raises(sdk.SourceError):
        instrument.read(path)


def test_without_a_record_there_is_none(tmp_path):
    assert instrument.read(tmp_path / "none.json") is None


def test_the_key_is_made_once_for_this_user_alone(tmp_path):
    key = tmp_path / "key"
    public, signature = sign(b"text", key)
    assert key.stat().st_mode & 0o777 == 0o600
    assert sign(b"text", key) == (public, signature)
    assert verified(b"text", public, signature)
    assert not verified(b"other", public, signature)
    assert not verified(b"text", "nonsense", signature)


def test_a_key_that_others_may_read_signs_nothing(tmp_path):
    key = tmp_path / "key"
    sign(b"text", key)
    os.chmod(key, 0o644)  # noqa: PTH101 - the mode is the point
    with pytest.raises(sdk.UsageError, match="chmod 600"):
        sign(b"text", key)


def test_the_record_in_words_has_the_bucket_and_where_it_is_kept(tmp_path):
    path = signed(tmp_path)
    words = summary(document(), "abc", "def", path)
    assert "100.00 Mbit/s for 5.00 MB, then 20.00 Mbit/s" in words
    assert "none was met" in words
    assert str(path) in words


# What tests take from it


async def test_a_commissioning_is_told_as_evidence_once_and_its_bytes_are_the_circuits(tmp_path):
    signed(tmp_path)
    ledger = FakeLedger()
    context = make_context(state_folder=tmp_path, ledger=ledger)
    first, again = Commissioning(), Commissioning()
    (event,) = await first.look(context, LINE, (), tell=True)
    assert event.retention is sdk.Retention.EVIDENCE
    assert event.data["record"] == document()
    assert await first.look(context, LINE, (), tell=True) == ()
    assert await again.look(context, LINE, (), tell=True) == ()
    assert again.found.id == first.found.id == event.data["commission"]
    assert ledger.spent["line"] == 12_000_000


async def test_a_run_by_hand_leaves_news_and_bytes_to_the_daemon(tmp_path):
    signed(tmp_path)
    by_hand = Commissioning()
    assert await by_hand.look(make_context(state_folder=tmp_path), LINE, (), tell=False) == ()
    assert by_hand.found is not None
    ledger = FakeLedger()
    assert await Commissioning().look(make_context(state_folder=tmp_path, ledger=ledger), LINE, (), tell=True)
    assert ledger.spent["line"] == 12_000_000


async def test_another_contract_takes_another_commissioning(tmp_path):
    signed(tmp_path)
    kept = Commissioning()
    await kept.look(make_context(state_folder=tmp_path), replace(LINE, up_bits_per_second=1), (), tell=True)
    assert kept.found is None


async def test_a_record_that_is_not_sound_counts_for_nothing(tmp_path, caplog):
    signed(tmp_path).write_text("{}")
    kept = Commissioning()
    assert await kept.look(make_context(state_folder=tmp_path), LINE, (), tell=True) == ()
    assert kept.found is None
    assert "no record" in caplog.text


def trains(megabits):
    return measured(megabits, curve=None, layer=Layer.IP, peak=True, uncertainty_ratio=0.001)


def test_trains_are_a_peak_until_the_bucket_was_looked_for(tmp_path):
    known = instrument.read(signed(tmp_path))
    up, down = Direction.UP, Direction.DOWN
    assert labelled(trains(100), None, up, bucket_for(None, up, trains(100))).peak
    assert not labelled(trains(100), known, up, bucket_for(known, up, trains(100))).peak
    assert labelled(trains(100), known, down, bucket_for(known, down, trains(100))).peak
    assert not labelled(trains(20), known, down, bucket_for(known, down, trains(20))).peak


def test_any_test_that_ended_before_the_bucket_was_empty_is_a_peak(tmp_path):
    known = instrument.read(signed(tmp_path))
    quick = measured(95.0, curve=None)
    assert labelled(quick, known, Direction.DOWN, bucket_for(known, Direction.DOWN, quick)).peak


def test_without_a_commissioning_there_is_no_ceiling_and_a_test_sees_a_bucket_by_itself():
    assert ceiling_of(None, "http", Direction.DOWN) is None
    assert bucket_for(None, Direction.DOWN, measured()).sustained_bits_per_second > 0
