"""`[traps]`: off unless it is there, whose notifications are taken, and what is wrong with it in words."""

import pytest

from netmon.config import Options, assignments, load
from netmon.errors import ConfigError

SITE = """[site]
id = "here"
[[device]]
name = "router"
address = "192.0.2.1"
credential = "old"
[credential.old]
version = "2c"
allow_weak = true
community = { env = "X" }
"""


def loaded(folder, text):
    path = folder / "netmon.toml"
    path.write_text(SITE + text)
    return load(path, {}, Options(secrets=False))


def mistakes(folder, text):
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return [(found.path, found.problem) for found in caught.value.mistakes]


def planned(folder, text):
    return [one for one in assignments(loaded(folder, text).configuration) if one.source_name == "traps"]


def test_without_the_table_nobody_listens(tmp_path):
    assert planned(tmp_path, "") == []


def test_the_source_knows_devices_and_credentials_and_wakes_by_its_own_name(tmp_path):
    (found,) = planned(tmp_path, '[traps]\ncredentials = ["old"]')
    assert found.job == found.assignment.name == "traps"
    assert found.assignment.targets == ("127.0.0.1:1162",)
    assert [device.name for device in found.assignment.devices] == ["router"]
    assert [one.name for one in found.assignment.credentials] == ["old"]


@pytest.mark.parametrize(
    ("listen", "target"),
    [
        ("0.0.0.0:1163", "0.0.0.0:1163"),
        ("::", "[::]:1162"),
        ("systemd", "systemd"),
        ("192.0.2.9", "192.0.2.9:1162"),
    ],
)
def test_where_it_listens(tmp_path, listen, target):
    (found,) = planned(tmp_path, f'[traps]\nlisten = "{listen}"\ncredentials = ["old"]')
    assert found.assignment.targets == (target,)


@pytest.mark.parametrize(
    ("text", "path", "words"),
    [
        ("", "traps.credentials", "is missing"),
        ("credentials = []", "traps.credentials", "must not be empty"),
        ('credentials = ["new"]', "traps.credentials[1]", 'no credential is called "new"'),
        ('credentials = ["old"]\nlisten = "trap.example"', "traps.listen", "an address of this machine"),
        ('credentials = ["old"]\nlisten = 162', "traps.listen", "must be text"),
        ('credentials = ["old"]\nport = 162', "traps.port", "unknown key"),
        ('credentials = ["old"]\nsettings = { persecond = 1 }', "traps.settings.persecond", "unknown key"),
        ('credentials = ["old"]\nsettings = { per_second = 0 }', "traps", "per_second must be 0.1 to 1000"),
        (
            'credentials = ["old"]\nsettings = { aliases = { x = "router" } }',
            "traps",
            "'x' is not an address",
        ),
        (
            'credentials = ["old"]\nsettings = { aliases = { "192.0.2.7" = "switch" } }',
            "traps",
            "no device is called 'switch'",
        ),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path, text, path, words):
    ((found, problem),) = mistakes(tmp_path, f"[traps]\n{text}")
    assert found == path
    assert words in problem


def test_a_privileged_port_works_nowhere_and_is_warned_of(tmp_path):
    (warning,) = loaded(tmp_path, '[traps]\nlisten = "0.0.0.0:162"\ncredentials = ["old"]').warnings
    assert warning.path == "traps.listen"
    assert "netmon-traps.socket" in warning.hint


def test_two_credentials_of_one_user_cannot_be_told_apart(tmp_path):
    users = "".join(
        f'[credential.{name}]\nversion = "3"\nuser = "netmon"\nauth_secret = {{ env = "A" }}\n'
        'privacy_secret = { env = "P" }\n'
        for name in ("a", "b")
    )
    ((path, problem),) = mistakes(tmp_path, f'[traps]\ncredentials = ["a", "b"]\n{users}')
    assert (path, problem) == ("traps", "credentials a and b have the same user")


def test_a_probe_cannot_listen(tmp_path):
    text = '[[probe]]\nname = "listener"\ntype = "traps"\ntargets = ["127.0.0.1:1162"]'
    ((path, problem),) = mistakes(tmp_path, text)
    assert (path, problem) == ('probe["listener"]', "traps are listened to by [traps], not by a [[probe]]")


def test_a_device_does_not_collect_them(tmp_path):
    text = (
        '[[device]]\nname = "ap"\naddress = "192.0.2.8"\ncredential = "old"\ncollect = ["system", "traps"]\n'
    )
    ((path, problem),) = mistakes(tmp_path, text)
    assert (path, problem) == (
        'device["ap"]',
        "a device does not collect traps, it sends them: remove them from collect, and listen by [traps]",
    )
