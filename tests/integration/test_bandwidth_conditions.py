"""Wrong conditions are seen: the right refusal, correction or culprit, and no breach that the path denies."""

from dataclasses import replace

import pytest
from fakes.capacity import PORT, TOKEN, megabits, serving
from fakes.conditions import CARD, Condition, Router, run_on_line, slowed_down, starved
from fakes.context import make_context
from fakes.namespaces import two_hosts
from fakes.referee import FAR, emulated_path

from netmon import sdk
from probes.bandwidth.commission.instrument import Instrument
from probes.bandwidth.commission.path_test import PathTest
from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.judge import Verdict
from probes.bandwidth.layers import Layer
from probes.bandwidth.limits import LimitedBy
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.meter import Meter
from probes.bandwidth.place import find_place
from probes.bandwidth.witness import Card

DOWN = Direction.DOWN
UNTIL_STEADY, ALL_OF_IT = Ask(DOWN, 2.5, 4, True), Ask(DOWN, 2.5, 4, False)
# Other work has the processors, too: exact figures are the benchmarks'.
TOLERANCE = 0.1


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("path")
    with emulated_path(folder) as path, serving(path.far, FAR, folder) as pid:
        path.server_pid = pid
        yield path


def line(megabits_bought):
    return sdk.Circuit("line", megabits_bought * 10**6, megabits_bought * 10**6, "IP")


def words(rate, more=""):
    return (f"delay=10ms,rate={rate}mbit,buf=50ms{more}",) * 2


async def undisturbed(*what):
    """Test, and again where other work had this machine's processors: that is named then, and rightly."""
    for _ in range(4):
        found = await run_on_line(*what)
        if found.finding.limited_by is not LimitedBy.HOST_CPU:
            break
    return found


async def test_jitter_is_refused_by_trains_and_harmless_to_others(lab):
    with lab.emulating(*words(50, ",jitter=4ms,dist=exp")):
        with pytest.raises(sdk.SourceError, match="delays vary by"):
            await undisturbed(lab.near, FAR, "trains", UNTIL_STEADY, Condition(line(50)))
        found = await undisturbed(lab.near, FAR, "http", UNTIL_STEADY, Condition(line(50)))
    assert megabits(found.measured) == pytest.approx(50, rel=TOLERANCE)
    assert found.judged.delivered is not False


BUCKET = ",burst=1500000,peak=60mbit"


async def test_a_token_bucket_is_the_policy_that_limits_and_its_peak_proves_nothing(lab):
    with lab.emulating(*words(12, BUCKET)):
        found = await undisturbed(lab.near, FAR, "http", ALL_OF_IT, Condition(line(60)))
    assert found.finding.limited_by is LimitedBy.POLICY
    assert "token bucket" in found.finding.reason
    assert found.judged.verdict is Verdict.INCONCLUSIVE  # whose bucket it is, nobody has found out
    assert found.judged.delivered is None
    known = Instrument("id", {}, learned=frozenset({DOWN}), buckets={DOWN: Bucket(60e6, 1.5e6, 12e6)})
    with lab.emulating(*words(12, BUCKET)):
        quick = await undisturbed(
            lab.near, FAR, "trains", UNTIL_STEADY, Condition(line(60), instrument=known)
        )
        found = await undisturbed(lab.near, FAR, "http", ALL_OF_IT, Condition(line(60), instrument=known))
    assert quick.measured.peak
    assert quick.judged.delivered is None
    assert found.judged.delivered is False  # what lasts is a fifth of what was bought


async def test_commissioning_learns_the_bucket_and_that_there_is_none(lab):
    context = make_context()
    for more, bucket in ((BUCKET, True), ("", False)):
        with lab.emulating(*words(12, more)), lab.near.entered():
            place = await find_place(context, f"http://{FAR}:{PORT}/", "any", None, TOKEN)
            path = PathTest(context, replace(place, client="lab"), None, 3.0, refill_seconds=1.0)
            found = await path.run(DOWN, Meter(context.ledger, "", 10**10))
        assert megabits(found.measured) == pytest.approx(12, rel=TOLERANCE)
        if not bucket:
            assert found.bucket is None
            continue
        assert found.bucket.peak_bits_per_second == pytest.approx(60e6, rel=TOLERANCE)
        assert found.bucket.sustained_bits_per_second == pytest.approx(12e6, rel=0.03)
        assert found.bucket.burst_bytes == pytest.approx(1.5e6, rel=0.15)


async def test_losses_of_one_percent_are_the_lines_and_no_breach(lab):
    with lab.emulating(*words(20, ",loss=1%")):
        trains = await undisturbed(lab.near, FAR, "trains", UNTIL_STEADY, Condition(line(20)))
        found = await undisturbed(lab.near, FAR, "http", UNTIL_STEADY, Condition(line(20)))
    assert megabits(trains.measured) == pytest.approx(20, rel=0.03)
    assert found.finding.limited_by is LimitedBy.CIRCUIT
    assert found.judged.delivered is not False


async def test_slots_are_counted(lab):
    with lab.emulating(*words(40, ",slot=5ms")):
        trains = await undisturbed(lab.near, FAR, "trains", UNTIL_STEADY, Condition(line(40)))
        found = await undisturbed(lab.near, FAR, "http", UNTIL_STEADY, Condition(line(40)))
    assert megabits(trains.measured) == pytest.approx(40, rel=0.03)
    assert megabits(found.measured) == pytest.approx(40, rel=TOLERANCE)
    assert found.judged.delivered is not False


async def test_what_others_have_is_put_on_top(lab):
    others = Router("line", 15e6)
    with lab.emulating(*words(50, ",xrate=15mbit")):
        found = await undisturbed(lab.near, FAR, "http", ALL_OF_IT, Condition(line(50), others))
    assert found.judged.verdict in (Verdict.CORRECTED, Verdict.INCONCLUSIVE)
    assert found.judged.rate / 1e6 == pytest.approx(50, rel=TOLERANCE)
    assert found.judged.delivered is not False


async def test_a_card_that_is_slower_than_the_contract_is_named(lab):
    card = Card("eth0", 100_000_000, True, False)
    with lab.emulating(*words(97)):
        found = await undisturbed(lab.near, FAR, "http", UNTIL_STEADY, Condition(line(500), card=card))
    assert found.finding.limited_by is LimitedBy.NIC
    assert found.judged.verdict is Verdict.INVALID
    assert found.judged.delivered is None


async def test_a_server_that_is_slow_is_named(lab):
    with lab.emulating(*words(200)), slowed_down(lab.server_pid):
        found = await undisturbed(lab.near, FAR, "http", ALL_OF_IT, Condition(line(200)))
    assert found.finding.limited_by is LimitedBy.SERVER
    assert found.judged.delivered is None


async def test_a_host_without_time_claims_no_breach(tmp_path):
    with (
        two_hosts("10.97.0.1/24", "10.97.0.2/24") as (near, far),
        serving(far, "10.97.0.2", tmp_path),
        starved(),
    ):
        card = Card("eth0", 400_000_000_000, True, False)
        found = await run_on_line(near, "10.97.0.2", "http", ALL_OF_IT, Condition(line(200_000), card=card))
    assert found.finding.limited_by in (LimitedBy.HOST_CPU, LimitedBy.SERVER)
    assert found.judged.delivered is None


async def test_a_contract_that_is_not_kept_is_a_breach_that_the_referee_confirms(lab):
    with lab.emulating(*words(20)):
        found = await undisturbed(lab.near, FAR, "http", ALL_OF_IT, Condition(line(50)))
    assert found.judged.delivered is False
    assert found.measured.rate(Layer.IP) / 1e6 == pytest.approx(20, rel=TOLERANCE)
    assert found.host.card == CARD
