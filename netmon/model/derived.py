"""Measurements that netmon derives at the site, and nobody computes again elsewhere.

Their names and columns are settled here so that Grafana, alerts and reports agree to the minute.
The part that fills each of them declares it from here.
"""

from __future__ import annotations

from collections.abc import Mapping

from netmon.model.metric import Metric, gauge, info, integer, state
from netmon.model.outcome import Fault

RUN = "run"
RUN_UP = state("netmon_up", "1 when the last run of the source answered for this target, 0 when it did not.")
RUN_SECONDS = gauge("netmon_run_duration_seconds", "Time the last run of the source took, waiting included.")
RUN_LAST_SUCCESS = gauge(
    "netmon_last_success_timestamp_seconds",
    "Unix time of the last run that answered; absent before the first.",
)
RUN_OUTCOME = info(
    "netmon_run_outcome_info", "How the last run ended, from a closed vocabulary.", label="outcome"
)
RUN_METRICS: tuple[Metric, ...] = (RUN_UP, RUN_SECONDS, RUN_LAST_SUCCESS, RUN_OUTCOME)

FAULT_NUMBERS: Mapping[Fault, int] = {
    fault: number
    for number, fault in enumerate(
        (
            Fault.NONE, Fault.LINE, Fault.CPE, Fault.POWER, Fault.LAN, Fault.WIFI, Fault.ISP, Fault.FAR_END,
            Fault.RESOLVER, Fault.SERVICE, Fault.APPLIANCE, Fault.UNKNOWN,
        )
    )
}  # fmt: skip
"""Faults as fields, for databases that keep numbers only; a number is never given to another fault."""
_NUMBERED = ", ".join(f"{number} {fault}" for fault, number in FAULT_NUMBERS.items())

CIRCUIT_MINUTE = "circuit_minute"
CIRCUIT_MINUTE_METRICS: tuple[Metric, ...] = (
    state("netmon_circuit_state", "State of the circuit in this minute: 1 up, 0 down, 2 unknown."),
    state(
        "netmon_circuit_degraded",
        "1 when it was up and its best anchor lost 20 % or more, or took three times its usual time, or large"
        " packets vanished; 0 when none of these; absent when not up.",
    ),
    info(
        "netmon_circuit_fault_info",
        "Where the fault was in this minute, from the fault vocabulary.",
        label="fault",
    ),
    state("netmon_circuit_fault", f"Where the fault was in this minute: {_NUMBERED}."),
    gauge("netmon_circuit_coverage_ratio", "Share of the minute's planned probes that were really sent."),
    gauge(
        "netmon_circuit_down_utilisation_ratio",
        "Use of the circuit towards the site against the contracted rate.",
    ),
    gauge(
        "netmon_circuit_up_utilisation_ratio", "Use of the circuit from the site against the contracted rate."
    ),
    gauge("netmon_circuit_rtt_seconds", "Round trip to the best anchor in this minute.", statistic="p50"),
    gauge("netmon_circuit_rtt_seconds", "Round trip to the best anchor in this minute.", statistic="p95"),
    gauge("netmon_circuit_loss_ratio", "Loss to the best anchor in this minute."),
    gauge("netmon_circuit_mos", "Opinion score of a call by way of the best anchor (ITU-T G.107), 1 to 4.5."),
    state(
        "netmon_circuit_call_quality",
        "Calls by way of the best anchor: 0 good, 1 fair, 2 poor; the limits are those of the trains.",
    ),
    state(
        "netmon_circuit_under_test",
        "1 when a bandwidth test filled the circuit in this minute; what was measured beside it is left out"
        " of its round trips and losses.",
    ),
    gauge(
        "netmon_circuit_contracted_bytes_per_second",
        "What the contract promises towards the site (down) and from it (up), in the contract's own layer.",
        direction="down",
    ),
    gauge(
        "netmon_circuit_contracted_bytes_per_second",
        "What the contract promises towards the site (down) and from it (up), in the contract's own layer.",
        direction="up",
    ),
)

SITE_MINUTE = "site_minute"
SITE_MINUTE_METRICS: tuple[Metric, ...] = (
    state("netmon_site_state", "State of the site in this minute, by any circuit: 1 up, 0 down, 2 unknown."),
    state("netmon_site_degraded", "1 when the site was up and degraded, 0 when not; absent when not up."),
    info(
        "netmon_site_fault_info",
        "Where the site's fault was in this minute, from the fault vocabulary.",
        label="fault",
    ),
    state("netmon_site_fault", f"Where the site's fault was in this minute: {_NUMBERED}."),
    gauge("netmon_site_coverage_ratio", "Share of the minute's planned probes that were really sent."),
)

OUTSIDE_MINUTE = "outside_minute"
OUTSIDE_STATE = state(
    "netmon_outside_state",
    "Whether the site could be reached from outside in this minute: 1 up, 0 down, 2 unknown.",
)
OUTSIDE_MINUTE_METRICS: tuple[Metric, ...] = (
    OUTSIDE_STATE,
    gauge("netmon_outside_coverage_ratio", "Share of the minute's planned probes that were really sent."),
    gauge("netmon_outside_rtt_seconds", "Round trip to the site in this minute.", statistic="p50"),
    gauge("netmon_outside_rtt_seconds", "Round trip to the site in this minute.", statistic="p95"),
    gauge("netmon_outside_loss_ratio", "Loss to the site in this minute."),
)

BANDWIDTH_TEST = "bandwidth_test"
TEST_TRACES = frozenset({"curve", "tcp_info"})
"""Parts of a test's event that are for the eye: no verdict is made of them, so they are not sealed, and they
stay at the site where they make an event too long to be sent."""
BANDWIDTH_TEST_METRICS: tuple[Metric, ...] = (
    gauge("netmon_bandwidth_bytes_per_second", "Rate of the last test, in the layer that `layer` names."),
    gauge(
        "netmon_bandwidth_cross_traffic_bytes_per_second",
        "What else the circuit carried during the last test.",
    ),
    gauge(
        "netmon_bandwidth_cross_traffic_most_bytes_per_second",
        "What else the circuit carried at most during the last test: by this a supplier is judged.",
    ),
    integer("netmon_bandwidth_test_bytes", "What the last test cost, both directions."),
    gauge("netmon_bandwidth_test_duration_seconds", "How long the last test took."),
    info(
        "netmon_bandwidth_verdict_info",
        "Verdict on the last test: clean, corrected, inconclusive or invalid.",
        "verdict",
    ),
    gauge(
        "netmon_bandwidth_carried_bytes_per_second",
        "What the circuit carried at least during the last test: the test and what others had beside it.",
    ),
    state(
        "netmon_bandwidth_delivered",
        "1 when the last test proves the contracted rate, 0 when it proves that it was not there; absent when"
        " it cannot tell.",
    ),
    state(
        "netmon_bandwidth_claimable",
        "1 when the last test's figure can be claimed: its endpoint is named in the contract, or two agree.",
    ),
    info(
        "netmon_bandwidth_limited_by_info",
        "What limited the last test, from a closed vocabulary.",
        "limited_by",
    ),
    gauge(
        "netmon_bandwidth_rtt_seconds",
        "Round trip before the last test, when nothing of ours was on the line.",
        state="idle",
        statistic="p50",
    ),
    gauge(
        "netmon_bandwidth_rtt_seconds",
        "Round trip before the last test, when nothing of ours was on the line.",
        state="idle",
        statistic="p95",
    ),
    gauge(
        "netmon_bandwidth_rtt_seconds",
        "Round trip beside the load of the last test, in its second half.",
        state="loaded",
        statistic="p50",
    ),
    gauge(
        "netmon_bandwidth_rtt_seconds",
        "Round trip beside the load of the last test, in its second half.",
        state="loaded",
        statistic="p95",
    ),
    gauge("netmon_bandwidth_buffer_seconds", "Longest wait that a burst found in the line's queue."),
    info(
        "netmon_bandwidth_bufferbloat_info",
        "Grade of the last test by how much its load made round trips longer: A+, A, B, C, D or F.",
        "grade",
    ),
)

BANDWIDTH_PLAN = "bandwidth_plan"
BANDWIDTH_PLAN_METRICS: tuple[Metric, ...] = (
    integer("netmon_bandwidth_planned_tests", "Tests that today's plan has, past and to come."),
    integer("netmon_bandwidth_planned_tests_done", "Tests of today's plan that took place."),
    integer(
        "netmon_bandwidth_planned_tests_skipped",
        "Tests of today's plan that did not take place, each with its reason as an event.",
    ),
    gauge(
        "netmon_bandwidth_next_test_timestamp_seconds",
        "Unix time of the next test of today's plan; absent when there is none left.",
    ),
    info(
        "netmon_bandwidth_decision_info",
        "Why the last planned test took place or not, from a closed vocabulary; waiting before the first.",
        "decision",
    ),
)

EVIDENCE_DAY = "evidence_day"
"""Kind of the event that tells the roots of finished days of a site's chain of evidence."""
INCIDENT = "incident"
INCIDENT_METRICS: tuple[Metric, ...] = (
    state("netmon_incident_open", "1 while the incident is open."),
    gauge("netmon_incident_start_timestamp_seconds", "Unix time of the incident's first bad minute."),
    info(
        "netmon_incident_fault_info",
        "Where the incident's fault is, from the fault vocabulary.",
        label="fault",
    ),
)
