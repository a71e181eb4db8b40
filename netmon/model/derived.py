"""Measurements that netmon derives at the site, and nobody computes again elsewhere.

Their names and columns are settled here so that Grafana, alerts and reports agree to the minute.
The part that fills each of them declares it from here.
"""

from __future__ import annotations

from netmon.model.metric import Metric, gauge, info, integer, state

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

CIRCUIT_MINUTE = "circuit_minute"
CIRCUIT_MINUTE_METRICS: tuple[Metric, ...] = (
    state("netmon_circuit_state", "State of the circuit in this minute: 1 up, 0 down, 2 unknown."),
    state("netmon_circuit_degraded", "1 when the circuit was up and lost 20 % or more to its best anchor."),
    info(
        "netmon_circuit_fault_info",
        "Where the fault was in this minute, from the fault vocabulary.",
        label="fault",
    ),
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
)

BANDWIDTH_TEST = "bandwidth_test"
BANDWIDTH_TEST_METRICS: tuple[Metric, ...] = (
    gauge("netmon_bandwidth_bytes_per_second", "Rate of the last test, in the layer that `layer` names."),
    gauge(
        "netmon_bandwidth_cross_traffic_bytes_per_second",
        "What else the circuit carried during the last test.",
    ),
    integer("netmon_bandwidth_test_bytes", "What the last test cost, both directions."),
    gauge("netmon_bandwidth_test_duration_seconds", "How long the last test took."),
    info(
        "netmon_bandwidth_verdict_info",
        "Verdict on the last test: clean, corrected, inconclusive or invalid.",
        "verdict",
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
