"""Waves of upgrades: how many sites changed which way, and what a minute that is gone came to."""

from datetime import date

from netmon.evidence.before_after import Conclusion
from netmon.evidence.inputs.sites import SiteRow
from netmon.evidence.outcomes import OUTCOMES
from netmon.evidence.reports.estate_waves import in_order, waves, with_value
from netmon.evidence.reports.figure import Figure, Unit
from netmon.evidence.reports.parts import EffectRow, UpgradePanel

FULL, RTT = OUTCOMES["saturation"].title, OUTCOMES["rtt"].title
USERS = SiteRow(site="s", users=40)


def effect(outcome, conclusion, change, low=None, high=None, unit=Unit.MINUTES):
    figure = Figure(change, unit, 40, low, high)
    return EffectRow(
        outcome, conclusion, figure, Figure(-5.0, unit), True, 0.01, primary=True, controlled=True
    )


def panel(circuit, *effects, wave="wave 1", cost=4000.0):
    day, weeks = date(2026, 5, 6), Figure(4, Unit.COUNT)
    return UpgradePanel(
        day, wave, circuit, circuit, "Paper 1", Figure(cost, Unit.POUNDS), weeks, (), effects, ()
    )


def upgrades(*panels, row=USERS):
    return in_order(with_value(one.circuit_before, one, row) for one in panels)


def test_a_wave_counts_every_upgrade_and_tells_the_middle_change():
    found = list(
        waves(
            upgrades(
                panel("a", effect(FULL, Conclusion.BETTER, -30.0)),
                panel("b", effect(FULL, Conclusion.WORSE, 5.0)),
                panel("c", effect(FULL, Conclusion.NOT_CONCLUSIVE, -1.0)),
                panel("d"),
                panel("e", effect(RTT, Conclusion.BETTER, -0.4, unit=Unit.CHANGE), wave=None),
            )
        )
    )
    assert [(one.wave, one.outcome) for one in found] == [("no wave named", RTT), ("wave 1", FULL)]
    full = found[1]
    counts = full.upgrades, full.better, full.worse, full.not_shown, full.too_little
    assert [one.value for one in counts] == [4, 1, 1, 1, 1]
    assert (full.change.value, full.change.low, full.change.high, full.change.n) == (-1.0, -30.0, 5.0, 3)


def test_a_minute_that_is_gone_costs_the_upgrade_by_users_and_minutes():
    (one,) = upgrades(panel("a", effect(FULL, Conclusion.BETTER, -20.0, -25.0, -10.0)))
    cost = one.per_user_minute
    assert (cost.value, cost.low, cost.high) == (4000 / 800, 4000 / 1000, 4000 / 400)


def test_what_was_not_shown_or_is_not_known_has_no_price():
    shown = effect(FULL, Conclusion.BETTER, -20.0, -25.0, -10.0)
    for one, row in (
        (panel("a", effect(FULL, Conclusion.NOT_SHOWN, -20.0, -45.0, 10.0)), USERS),
        (panel("a"), USERS),
        (panel("a", shown, cost=None), USERS),
        (panel("a", shown), None),
        (panel("a", shown), SiteRow(site="s")),
    ):
        (found,) = upgrades(one, row=row)
        assert found.per_user_minute.value is None
        assert found.per_user_minute.note


def test_upgrades_are_in_order_of_wave_day_and_site():
    found = upgrades(panel("b"), panel("a"), panel("c", wave="wave 0"))
    assert [one.circuit for one in found] == ["c", "a", "b"]
