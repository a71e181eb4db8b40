"""The probe's own verdict and that of the evidence, over its real records: neither contradicts the other."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmon import sdk
from netmon.evidence.seal.records import event_record
from netmon.evidence.speed_tests import Proof, speed_test
from probes.bandwidth import record
from probes.bandwidth.claim import Claim
from probes.bandwidth.cross import Others, most_of
from probes.bandwidth.judge import ENOUGH_RATIO, Inputs, Verdict, judge
from probes.bandwidth.layers import Layer, full_packet
from probes.bandwidth.limits import Finding, LimitedBy
from probes.bandwidth.manners import Decision
from probes.bandwidth.measured import Direction, Measured, Stop
from probes.bandwidth.passive import Minute
from probes.bandwidth.record import Subject, event, passive_event, refusal
from probes.bandwidth.witness import HostState

M = 1_000_000
KEY = (("site", "lib"), ("circuit", "wan1"))
STAMP = sdk.Stamp("b", 0, 1_772_400_000_000)


def recorded(given: Inputs, claimable=True) -> sdk.Event:
    """The event of a test that found these figures, as the probe writes it."""
    circuit = sdk.Circuit("wan1", given.contracted, given.contracted, "IP")
    measured = Measured(
        given.rate, Layer.IP, full_packet(4), 5.0, Stop.TIME,
        peak=given.peak, uncertainty_ratio=given.uncertainty_ratio,
    )  # fmt: skip
    test = record.Test(
        Direction.DOWN,
        measured,
        HostState((0.1,), 0.1, None, None, None),
        1000,
        sdk.Stamp("b", 0, STAMP.wall_ms, given.clock_synchronised is not False),
        Finding(given.limited_by, "told"),
        others=Others(given.others_low, given.others_high, problem=given.others_problem),
        judged=judge(given),
        claim=Claim(claimable, "told"),
    )
    return event(test, Subject(KEY, "http", circuit), None)


def any_line(seed: int) -> Inputs:
    """Figures of a test, each on its own, so that all of them meet."""
    rng = Random(seed)
    contracted = rng.choice((None, 2 * M, 100 * M, 1000 * M))
    whole = contracted or 100 * M
    low = rng.choice((None, 0.0, 0.005, 0.03, 0.09, 0.3, 0.5))
    high = None if low is None else low + rng.choice((0.0, 0.0, 0.02, 0.2))
    rate = rng.choice((None, 0.3, 0.85, 0.9, 0.925, 0.94, 0.949, 0.95, 0.96, 1.0, rng.random()))
    return Inputs(
        None if rate is None else float(round(rate * whole)),
        contracted,
        None if low is None else low * whole,
        None if high is None else high * whole,
        "nobody counted" if low is None else "",
        rng.choice(list(LimitedBy)),
        rng.choice((True, True, True, False)),
        rng.random() < 0.1,
        rng.choice((None, None, 0.01, 0.1)),
        bucket_learned=rng.random() < 0.5,
        cut_off=rng.random() < 0.1,
    )


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 10**9))
def test_neither_verdict_contradicts_the_other(seed):
    given_ = any_line(seed)
    told, test = judge(given_), speed_test(recorded(given_))
    whole = given_.contracted or 100 * M
    proofs = {share: test.proof("IP", whole, share * whole) for share in (0.5, 0.8, 0.9, ENOUGH_RATIO, 1.0)}
    if told.verdict is Verdict.INVALID:
        assert test.invalid("IP")
    if test.invalid("IP"):
        assert set(proofs.values()) == {None}
    if told.verdict is Verdict.INCONCLUSIVE:
        assert Proof.FAIL not in proofs.values()
    if told.delivered is True:
        assert proofs[ENOUGH_RATIO] is not Proof.FAIL
    if told.delivered is False:
        assert proofs[ENOUGH_RATIO] in (Proof.FAIL, None)
        assert proofs[ENOUGH_RATIO] is Proof.FAIL or given_.peak
    if Proof.FAIL in proofs.values():
        assert given_.limited_by in (LimitedBy.CIRCUIT, LimitedBy.POLICY)
        assert given_.others_high <= 0.1 * whole
        assert given_.clock_synchronised


LINE = {"rate": 85.0 * M, "contracted": 100 * M, "others_low": 0.0, "others_high": 0.0}
LINE |= {"limited_by": LimitedBy.CIRCUIT, "clock_synchronised": True}
NOWHERE = {
    "others are not known": (
        {"others_low": None, "others_high": None, "others_problem": "it went another way"},
        "what else the line carried is not known: it went another way",
    ),
    "enough, and others are not known": (
        {"rate": 99.0 * M, "others_low": None}, "what else the line carried is not known",
    ),
    "a processor": ({"limited_by": LimitedBy.HOST_CPU}, "limited by host_cpu: told"),
    "a card": ({"limited_by": LimitedBy.NIC}, "limited by nic: told"),
    "a server": ({"limited_by": LimitedBy.SERVER}, "limited by server: told"),
    "a clock": ({"clock_synchronised": False}, "the clock was not synchronised"),
    "nothing came": ({"rate": None}, "invalid: nothing came"),
    "its own cap": (
        {"limited_by": LimitedBy.POLICY, "cut_off": True},
        "invalid: what it may cost ended it before the line was the limit",
    ),
    "a peak": ({"peak": True}, "a peak: what lasts is not known"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), NOWHERE.values(), ids=NOWHERE)
def test_what_proves_nothing_counts_nowhere_with_its_reason(changes, why):
    test = speed_test(recorded(Inputs(**{**LINE, **changes})))
    assert test.invalid("IP") == why
    assert test.proof("IP", 100 * M, 90 * M) is None


@pytest.mark.parametrize(
    ("changes", "proof"),
    [
        pytest.param({}, Proof.FAIL, id="the line"),
        pytest.param({"limited_by": LimitedBy.UNKNOWN}, Proof.INCONCLUSIVE, id="nobody knows"),
        pytest.param({"limited_by": LimitedBy.POLICY}, Proof.INCONCLUSIVE, id="anybody's bucket"),
        pytest.param({"limited_by": LimitedBy.POLICY, "bucket_learned": True}, Proof.FAIL, id="its bucket"),
        pytest.param({"uncertainty_ratio": 0.1}, Proof.INCONCLUSIVE, id="hardly certain"),
        pytest.param({"rate": 88.5 * M}, Proof.INCONCLUSIVE, id="within the measuring error"),
        pytest.param({"others_high": 5.0 * M}, Proof.PASS, id="the bound that favours the supplier"),
        pytest.param({"rate": 70.0 * M, "others_high": 11.0 * M}, Proof.INCONCLUSIVE, id="above a tenth"),
        pytest.param({"rate": 70.0 * M, "others_high": 9.0 * M}, Proof.FAIL, id="others below a tenth"),
    ],
)  # fmt: skip
def test_only_what_is_certainly_the_line_is_a_failure(changes, proof):
    test = speed_test(recorded(Inputs(**{**LINE, **changes})))
    assert test.invalid("IP") == ""
    assert test.proof("IP", 100 * M, 90 * M) is proof


def test_others_are_told_by_layer_at_the_bound_that_favours_the_supplier():
    # Packets of others have 1500 bytes of IP: frames add 18, preamble and gap 20; TCP leaves 52 out.
    others = Others(1.0 * M, 3.0 * M, packet_bytes=1500.0)
    assert {layer: most_of(others, layer) for layer in Layer} == {
        "TCP": 2_896_000, "IP": 3_000_000, "L2": 3_036_000, "L1": 3_076_000,
    }  # fmt: skip
    assert most_of(Others(problem="nobody counted"), Layer.IP) is None


def test_whose_endpoint_the_supplier_need_not_accept_says_so_in_event_and_record():
    for claimable in (True, False):
        told = recorded(Inputs(**LINE), claimable=claimable)
        found = event_record(told)
        assert speed_test(told).claimable is found["claimable"] is claimable
    assert (found["error_ppm"], found["doubt"], found["cross_bits_per_second"]["IP"]) == (20_000, "", 0)


def test_a_test_that_was_refused_has_no_direction_and_its_reason():
    told = refusal(Decision.QUIET_HOURS, "it is quiet", Subject(KEY, "http", None), STAMP)
    test = speed_test(told)
    assert (test.direction, test.invalid("IP")) == ("", "not tested, quiet_hours: it is quiet")


def test_a_test_is_a_circuit_s_when_that_circuit_s_port_has_counted_it():
    circuit = sdk.Circuit("wan1", 100 * M, 20 * M, "IP")
    measured = Measured(85.0 * M, Layer.IP, full_packet(4), 5.0, Stop.TIME)
    host, subject = HostState((), None, None, None, None), Subject(KEY[:1], "http", circuit)
    for others, key in ((Others(0.0, 0.0), KEY), (Others(problem="it went another way"), KEY[:1])):
        test = record.Test(Direction.DOWN, measured, host, 1000, STAMP, others=others)
        assert event(test, subject, None).key == key


def test_the_router_s_own_minute_is_told_apart():
    circuit = sdk.Circuit("wan1", 100 * M, 20 * M, "IP")
    told = passive_event(Minute(Direction.DOWN, 99.0 * M, full_packet(4), 60.0), KEY, circuit, STAMP)
    test = speed_test(told)
    assert (test.method, test.spoiled, test.others) == ("passive", "", {})
    assert test.rate("IP") == pytest.approx(97.8e6, rel=0.001)
