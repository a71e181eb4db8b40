import json
import os
from argparse import ArgumentParser
from pathlib import Path

import pytest
from fakes.catalogue import fake_catalogue

from netmon.cli.check import CheckCommand
from netmon.config import Options, default_path, load
from netmon.errors import ConfigError

HERE = Options(catalogue=fake_catalogue())
GOOD = """
[site]
id = "s"
[[probe]]
type = "icmp"
targets = ["192.0.2.1"]
[[probe]]
type = "http"
targets = ["https://www.example.org/"]
"""
OLD = '[credential.c]\nversion = "2c"\ncommunity = { env = "C" }\n'


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "netmon.toml"
    path.write_text(GOOD)
    return path


@pytest.fixture
def conf_d(tmp_path):
    (tmp_path / "conf.d").mkdir()
    return tmp_path / "conf.d"


@pytest.fixture
def check(capsys):
    def check(*words, **environ):
        command = CheckCommand(environ, HERE)
        parser = ArgumentParser()
        parser.add_argument("--config")
        parser.add_argument("--json", action="store_true")
        command.arguments(parser)
        options = parser.parse_args(words)
        options.config = Path(options.config) if options.config else None
        status = command.run(options)
        said = capsys.readouterr()
        return status, said.out, said.err

    return check


def test_files_beside_the_main_one_are_read_in_order_of_name(path, conf_d):
    (conf_d / "20.toml").write_text('[[probe]]\nname = "z"\ntype = "icmp"\ntargets = ["a"]\n')
    (conf_d / "10.toml").write_text(
        '[[probe]]\nname = "y"\ntype = "icmp"\ntargets = ["b"]\n[store]\nkeep = "7d"\n'
    )
    (conf_d / "30.txt").write_text("not TOML")
    loaded = load(path, {}, HERE)
    assert [probe.name for probe in loaded.configuration.probes] == ["icmp", "http", "y", "z"]
    assert loaded.configuration.store.keep_seconds == 7 * 86_400
    assert [file.name for file in loaded.files] == ["netmon.toml", "10.toml", "20.toml"]


def test_the_digest_changes_with_any_file(path, conf_d):
    first = load(path, {}, HERE).digest
    assert load(path, {}, HERE).digest == first
    (conf_d / "10.toml").write_text("# a comment")
    assert load(path, {}, HERE).digest != first


def test_what_is_left_out_has_a_safe_default(path):
    configuration = load(path, {}, HERE).configuration
    assert str(configuration.web.listen) == "127.0.0.1:9877"
    assert configuration.web.technician is None
    assert configuration.influxdb is None
    assert configuration.store.commit_every_seconds == 5
    assert configuration.site.service_hours is None


def test_the_configuration_does_not_change_once_it_is_loaded(path):
    configuration = load(path, {}, HERE).configuration
    with pytest.raises(ValueError, match="frozen"):
        configuration.site.id = "other"
    with pytest.raises(AttributeError):
        configuration.site = None


def test_communities_in_clear_text_are_warned_of_until_they_are_accepted(path):
    path.write_text(GOOD + OLD)
    [warning] = load(path, {"C": "x"}, HERE).warnings
    assert warning.path == "credential.c.version"
    path.write_text(GOOD + OLD + "allow_weak = true\n")
    assert load(path, {"C": "x"}, HERE).warnings == ()


def test_a_token_over_plain_http_is_warned_of_unless_it_stays_on_the_machine(path):
    influx = '[output.influxdb]\nurl = "http://{}:8086"\ndatabase = "d"\ntoken = {{ env = "C" }}\n'
    path.write_text(GOOD + influx.format("influx.example.org"))
    [warning] = load(path, {"C": "x"}, HERE).warnings
    assert (warning.path, warning.hint) == ("output.influxdb.url", "use https://")
    path.write_text(GOOD + influx.format("[::1]"))
    assert load(path, {"C": "x"}, HERE).warnings == ()


CIRCUITS = {"bare": "", "by address": 'source = "192.0.2.9"\n', "by interface": 'source = "wwan0"\n'}


@pytest.mark.parametrize("first", CIRCUITS)
def test_a_probe_of_one_circuit_of_several_is_warned_of_until_the_circuit_has_a_source(path, first):
    probe = '[[probe]]\nname = "far"\ntype = "icmp"\ntargets = ["192.0.2.7"]\ncircuit = "wan1"\n'
    one = f'[[circuit]]\nid = "wan1"\n{CIRCUITS[first]}'
    path.write_text(GOOD + one + probe)
    assert load(path, {}, HERE).warnings == ()
    path.write_text(GOOD + one + '[[circuit]]\nid = "wan2"\n' + probe)
    warnings = load(path, {}, HERE).warnings
    assert [(warning.path, "wan1" in warning.problem) for warning in warnings] == (
        [('probe["far"].circuit', True)] if first == "bare" else []
    )


def test_a_web_server_for_the_network_takes_a_certificate_and_tokens(path, tmp_path):
    for name in ("web.pem", "web.key"):
        (tmp_path / name).write_text("PEM")
        (tmp_path / name).chmod(0o600)
    tls = f'tls = {{ certificate = "{tmp_path}/web.pem", key = "{tmp_path}/web.key" }}\n'
    path.write_text(GOOD + '[web]\nlisten = "[::]:9877"\ntokens = [{ env = "T" }]\n' + tls)
    loaded = load(path, {"T": "0123456789abcdef"}, HERE)
    assert loaded.warnings == ()
    assert loaded.configuration.web.tls.key == tmp_path / "web.key"
    with pytest.raises(ConfigError, match=r"tokens\[1\]: is shorter than 16 characters"):
        load(path, {"T": "short"}, HERE)


def test_the_file_given_wins_over_the_systems_and_no_file_is_none(tmp_path):
    system = tmp_path / "netmon.toml"
    assert default_path(None, system) is None
    system.touch()
    assert default_path(None, system) == system
    assert default_path(tmp_path / "mine.toml", system) == tmp_path / "mine.toml"


def test_check_counts_what_is_right(check, path):
    assert check("--config", str(path)) == (0, "ok: 1 site, 0 devices, 2 probes\n", "")


def test_check_prints_warnings_beside_its_verdict(check, path):
    path.write_text(GOOD + OLD)
    status, out, err = check("--config", str(path), C="x")
    assert (status, out) == (0, "ok: 1 site, 0 devices, 2 probes\n")
    assert err.startswith(
        f"warning: {path}: credential.c.version: SNMP 2c sends its community in clear text; "
    )


def test_check_prints_every_mistake_and_ends_with_78(check, path):
    path.write_text(GOOD.replace("icmp", "icpm") + OLD)
    status, out, err = check("--config", str(path))
    assert (status, err) == (78, "")
    assert out.splitlines() == [
        f'{path}: probe["icpm"].type: no probe is called "icpm"; did you mean "icmp"?',
        f"{path}: credential.c.community: the environment variable C is not set",
        "2 mistakes",
    ]


def test_check_can_leave_secrets_alone(check, path):
    path.write_text(GOOD + OLD + "allow_weak = true\n")
    assert check("--config", str(path), "--no-secrets")[0] == 0


def test_check_answers_in_json_too(check, path):
    status, out, _ = check("--config", str(path), "--json")
    assert status == 0
    assert json.loads(out) == {
        "ok": True, "mistakes": [], "warnings": [], "files": [str(path)],
        "counts": {"site": 1, "device": 0, "probe": 2}, "extras": [],
    }  # fmt: skip
    sms = '[notify.sms]\ntype = "govuk_notify"\napi_key = { env = "KEY" }\nsms_template = "t"\n'
    sms += 'sms_to = ["07700900000"]\n'
    calendars = "".join(f'[[maintenance]]\nname = "{name}"\ncalendar = "/srv/a.ics"\n' for name in "ab")
    path.write_text(f'[site]\nid = "lib"\n{sms}{calendars}')
    status, out, _ = check("--config", str(path), "--json", "--no-secrets")
    assert (status, json.loads(out)["extras"]) == (0, ["calendar", "govuk"])
    path.write_text("[site]")
    status, out, _ = check("--config", str(path), "--json")
    assert status == 78
    assert json.loads(out)["mistakes"] == [
        {
            "file": str(path),
            "path": "site.id",
            "problem": "is missing",
            "hint": "short name of the site, on every series; never change it",
        }
    ]


def test_a_folder_that_is_closed_to_this_user_is_told_in_words(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may look everywhere")
    closed = tmp_path / "netmon"
    closed.mkdir(mode=0o000)
    with pytest.raises(ConfigError, match="may not be read by this user"):
        default_path(None, closed / "netmon.toml")
