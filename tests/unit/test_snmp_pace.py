"""How much to ask: less after a refusal, a little more after many good sweeps."""

from collectors.snmp.pace import MAX_REPETITIONS, Pace, Step


def test_the_first_request_aims_at_a_reply_that_fits_every_path():
    step = Pace().step(columns=14, octets_per_varbind=24)
    assert step == Step(bulk=True, width=14, repetitions=4)


def test_one_narrow_column_is_asked_for_many_rows_but_not_without_end():
    assert Pace().step(columns=1, octets_per_varbind=24).repetitions == MAX_REPETITIONS


def test_too_big_halves_rows_and_then_columns_down_to_one_variable():
    step, seen = Step(bulk=True, width=4, repetitions=5), []
    while step is not None:
        seen.append((step.width, step.repetitions))
        step = step.smaller()
    assert seen == [(4, 5), (4, 2), (4, 1), (2, 1), (1, 1)]


def test_silence_leads_to_one_row_and_then_to_getnext():
    first = Step(bulk=True, width=14, repetitions=4)
    assert first.simpler() == Step(bulk=True, width=14, repetitions=1)
    assert first.simpler().simpler() == Step(bulk=False, width=14, repetitions=1)
    assert first.simpler().simpler().simpler() is None


def test_a_device_without_getbulk_is_remembered_and_tried_again_much_later():
    pace = Pace()
    asked = pace.step(14, 24)
    pace.silent(asked, Step(bulk=False, width=14, repetitions=1))
    assert not pace.step(14, 24).bulk
    for _ in range(500):
        assert not pace.step(14, 24).bulk
        pace.swept()
    assert pace.step(14, 24).bulk


def test_size_comes_back_slowly_after_too_big():
    pace = Pace()
    pace.too_big(Step(bulk=True, width=3, repetitions=1))
    assert pace.step(14, 24) == Step(bulk=True, width=3, repetitions=1)
    for _ in range(20):
        pace.swept()
    assert pace.step(14, 24) == Step(bulk=True, width=4, repetitions=2)


def test_snmp_v1_never_gets_a_getbulk():
    pace = Pace(bulk_offered=False)
    for _ in range(1000):
        assert not pace.step(14, 24).bulk
        pace.swept()
