import pytest
from fakes.catalogue import fake_catalogue

from netmon.config import Options, assignments, load
from netmon.config.load import credentials
from netmon.errors import ConfigError

CANARY = "planted-canary-3141"
FILE = """
[site]
id = "s"
[credential.c]
version = "2c"
community = {}
[[device]]
name = "d"
address = "192.0.2.1"
credential = "c"
"""


@pytest.fixture
def write(tmp_path):
    def write(reference):
        path = tmp_path / "netmon.toml"
        path.write_text(FILE.format(reference))
        return path

    return write


def load_here(path, environ, **options):
    return load(path, environ, Options(catalogue=fake_catalogue(), **options))


def mistakes_of(path, environ):
    with pytest.raises(ConfigError) as caught:
        load_here(path, environ)
    return caught.value.mistakes


def secret_of(loaded):
    return loaded.configuration.credentials["c"].community.get_secret_value()


def test_a_secret_comes_from_the_environment(write):
    assert secret_of(load_here(write('{ env = "C" }'), {"C": CANARY})) == CANARY


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_a_file_without_its_last_newline(write, tmp_path, ending):
    secret = tmp_path / "community"
    secret.write_bytes((CANARY + ending).encode())
    secret.chmod(0o600)
    loaded = load_here(write(f'{{ file = "{secret}" }}'), {})
    assert secret_of(loaded) == CANARY
    assert not any("everybody" in warning.problem for warning in loaded.warnings)


def test_only_one_newline_goes(write, tmp_path):
    (tmp_path / "community").write_text(CANARY + " \n\n")
    loaded = load_here(write(f'{{ file = "{tmp_path}/community" }}'), {})
    assert secret_of(loaded) == CANARY + " \n"


def test_a_secret_comes_from_a_credential_of_systemd(write, tmp_path):
    (tmp_path / "community").write_text(CANARY)
    loaded = load_here(write('{ credential = "community" }'), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert secret_of(loaded) == CANARY


def test_a_secret_that_everybody_may_read_is_a_warning(write, tmp_path):
    secret = tmp_path / "community"
    secret.write_text(CANARY)
    secret.chmod(0o644)
    warning = load_here(write(f'{{ file = "{secret}" }}'), {}).warnings[0]
    assert (warning.path, warning.hint) == ("credential.c.community", f"chmod 0600 {secret}")
    assert "mode 0644" in warning.problem


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (f'"{CANARY}"', "must be a reference, never the secret itself"),
        ("3141", "must be a reference"),
        ("{}", "must be exactly one of"),
        ('{ env = "C", file = "/x" }', "must be exactly one of"),
        (f'{{ value = "{CANARY}" }}', "must be exactly one of"),
        ('{ env = "" }', "must be exactly one of"),
        ('{ env = "MISSING" }', "environment variable MISSING is not set"),
        ('{ env = "EMPTY" }', "environment variable EMPTY is empty"),
        ('{ file = "secret" }', "must be an absolute path"),
        ('{ file = "/nowhere/secret" }', "No such file"),
        ('{ file = "/dev/zero" }', "is not a file"),
        ('{ credential = "c" }', "$CREDENTIALS_DIRECTORY is not set"),
        ('{ credential = "../etc/shadow" }', "is not the name of a credential"),
    ],
)
def test_a_secret_that_cannot_be_had_is_a_mistake_with_the_reason(write, reference, problem):
    [mistake] = mistakes_of(write(reference), {"EMPTY": "\n"})
    assert mistake.path == "credential.c.community"
    assert problem in mistake.problem
    assert CANARY not in str(mistake)


def test_a_secret_file_that_is_not_text_does_not_show_its_bytes(write, tmp_path):
    (tmp_path / "community").write_bytes(CANARY.encode() + b"\xff")
    [mistake] = mistakes_of(write(f'{{ file = "{tmp_path}/community" }}'), {})
    assert "not text in UTF-8" in mistake.problem
    assert CANARY not in str(mistake)


def test_a_secret_file_that_cannot_be_opened_says_why(write, tmp_path):
    secret = tmp_path / "community"
    secret.symlink_to(secret)
    [mistake] = mistakes_of(write(f'{{ file = "{secret}" }}'), {})
    assert "Too many levels of symbolic links" in mistake.problem


def test_without_secrets_nothing_is_looked_up(write):
    assert secret_of(load_here(write('{ env = "MISSING" }'), {}, secrets=False)) == ""


def test_a_secret_is_in_no_text_of_anything(write):
    loaded = load_here(write('{ env = "C" }'), {"C": CANARY})
    planned = assignments(loaded.configuration)
    for thing in (loaded, loaded.configuration, planned, credentials(loaded.files[0], {"C": CANARY})):
        assert CANARY not in repr(thing)
        assert CANARY not in str(thing)
    assert CANARY not in str(loaded.configuration.credentials["c"].model_dump())


def test_a_mistake_beside_a_secret_does_not_show_it(write):
    path = write('{ env = "C" }')
    path.write_text(path.read_text().replace('version = "2c"', f'version = "{CANARY}"\nauth = "{CANARY}"'))
    with pytest.raises(ConfigError) as caught:
        load_here(path, {"C": CANARY})
    assert CANARY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_credentials_alone_can_be_had_from_a_file_with_other_mistakes(write):
    path = write('{ env = "C" }')
    path.write_text(path.read_text() + "\n[web]\nlisten = 5\n")
    assert credentials(path, {"C": CANARY})["c"].community.get_secret_value() == CANARY
    with pytest.raises(ConfigError, match="is not set"):
        credentials(path, {})
    assert credentials(None, {}) == {}
