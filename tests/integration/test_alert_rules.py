"""The example rules of the centre, by promtool: silence pages, until the appliance closes its incident."""

import subprocess
from pathlib import Path

import pytest
from fakes.servers import require

pytestmark = pytest.mark.servers
DASHBOARDS = Path(__file__).parents[2] / "dashboards"
TESTS = """
rule_files: [{rules}]
evaluation_interval: 30s
tests:
  - name: a silent site that is dark from outside pages, and ends when its own incident does
    interval: 30s
    input_series:
      - series: 'up{{job="netmon", site="lib", supplier="Acme"}}'
        values: '1x10 0x30 1x60'
      - series: 'netmon_outside_state{{site="lib"}}'
        values: '1x10 0x30 1x60'
      - series: 'netmon_incident_open{{site="lib", supplier="Acme", thing="netmon/lib/site/-/access"}}'
        values: '0x10 _x30 1x12 0x48'
    alert_rule_test:
      - {{eval_time: 5m, alertname: NetmonSite, exp_alerts: []}}
      - {{eval_time: 17m, alertname: NetmonSite, exp_alerts: [{site}]}}
      - {{eval_time: 17m, alertname: NetmonAppliance, exp_alerts: []}}
      - {{eval_time: 24m, alertname: NetmonSite, exp_alerts: [{site}]}}
      - {{eval_time: 32m, alertname: NetmonSite, exp_alerts: []}}
  - name: a silent box at a site that answers is a ticket
    interval: 30s
    input_series:
      - series: 'up{{job="netmon", site="lib", supplier="Acme"}}'
        values: '0x40'
      - series: 'netmon_outside_state{{site="lib"}}'
        values: '1x40'
    alert_rule_test:
      - {{eval_time: 12m, alertname: NetmonSite, exp_alerts: []}}
      - {{eval_time: 12m, alertname: NetmonAppliance, exp_alerts: [{box}]}}
"""
LABELS = "exp_labels: {site: lib, supplier: Acme}"


def test_the_rules_of_the_centre_do_what_they_say(tmp_path):
    def expected(words):
        return f'{{{LABELS}, exp_annotations: {{summary: "{words}"}}}}'

    text = TESTS.format(
        rules=DASHBOARDS / "alerts.example.yml",
        site=expected("lib is silent, and dark from outside"),
        box=expected("netmon at lib is silent"),
    )
    (tmp_path / "tests.yml").write_text(text)
    done = subprocess.run(
        [require("promtool"), "test", "rules", str(tmp_path / "tests.yml")],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_for_alertmanager_is_right():
    command = [require("amtool"), "check-config", str(DASHBOARDS / "alertmanager.example.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
