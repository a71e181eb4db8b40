"""`netmon doctor` on this machine, with a configuration whose device and server are not there."""

from __future__ import annotations

import json
import socket
from argparse import Namespace

import pytest

from netmon.cli.doctor import DoctorCommand


@pytest.fixture
def nobody():
    """Return a UDP and TCP port of loopback on which nothing listens."""
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return tcp.getsockname()[1]


def examine(capsys, tmp_path, config=None) -> tuple[int, dict[str, dict[str, str]]]:
    command = DoctorCommand({"STATE_DIRECTORY": str(tmp_path / "state")})
    code = command.run(Namespace(config=config, json=True, offline=False))
    findings = json.loads(capsys.readouterr().out)["findings"]
    return code, {finding["subject"]: finding for finding in findings}


def test_what_the_configuration_names_and_does_not_answer_is_found(tmp_path, capsys, nobody):
    config = tmp_path / "netmon.toml"
    (tmp_path / "community").write_text("public")
    config.write_text(f"""
[site]
id = "s1"

[[circuit]]
id = "line"
down = "80Mbit/s"
wan = {{ device = "router", interface = "ge-0/0/0" }}

[[device]]
name = "router"
address = "127.0.0.1:{nobody}"
credential = "ro"
collect = ["system"]
timeout = "2s"

[credential.ro]
version = "2c"
community = {{ file = "{tmp_path}/community" }}

[output.influxdb]
url = "http://127.0.0.1:{nobody}"
database = "netmon"

[notify.desk]
type = "webhook"
url = "http://127.0.0.1:{nobody}"
""")
    code, found = examine(capsys, tmp_path, config)
    assert code == 1
    assert found["device router"]["level"] == "fail"
    assert found["circuit line"]["level"] == "fail"
    assert found["sink influxdb"]["level"] == "fail"
    assert found["notify.desk"]["level"] == "fail"
    assert found["clock"]["level"] in ("ok", "warn")
    assert all(finding["remedy"] for finding in found.values() if finding["level"] != "ok")


def test_every_mistake_of_the_configuration_is_a_finding(tmp_path, capsys):
    config = tmp_path / "netmon.toml"
    config.write_text('[site]\nid = "s1"\ncolour = "red"\n[web]\nlisten = 7\n')
    command = DoctorCommand({"STATE_DIRECTORY": str(tmp_path)})
    assert command.run(Namespace(config=config, json=False, offline=True)) == 1
    told = capsys.readouterr().out
    assert told.count("FAIL  configuration") == 2
    assert told.endswith("2 things to mend\n")
