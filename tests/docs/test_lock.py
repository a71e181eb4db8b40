"""The locks are pinned, hashed, above the floors of known holes, and silent about where files come from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
RUNTIME, EXTRAS, BUILD, DEV = LOCKS = (
    "requirements.lock",
    "requirements-extras.lock",
    "requirements-build.lock",
    "requirements-dev.lock",
)
FLOORS = [
    (RUNTIME, "aiohttp>=3.14.3"),
    (RUNTIME, "cryptography>49.0.0"),
    (RUNTIME, "urllib3>=2.7.0"),
    (RUNTIME, "jinja2>=3.1.6"),
    (RUNTIME, "apscheduler>=3.11,<4"),
    (DEV, "pyasn1>=0.6.3"),
]
# The one machine that a lock may except: cffi, below cryptography, and pyyaml have no wheels for it.
MARKER = ' ; platform_machine != "armv7l"'
PIN = re.compile(
    rf"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)({re.escape(MARKER)})?"
    r"(?P<hashes>( --hash=sha256:[0-9a-f]{64})+)"
)


def requirement_lines(lock: str) -> list[str]:
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    lines = (line.partition("#")[0] for line in text.splitlines())
    return [re.sub(r" +", " ", line).strip() for line in lines if line.strip()]


def pins(lock: str) -> dict[str, Version]:
    matches = [PIN.fullmatch(line) for line in requirement_lines(lock)]
    return {match["name"]: Version(match["version"]) for match in matches if match}


def declared(lock: str) -> list[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    optional = pyproject["project"]["optional-dependencies"]
    return {
        EXTRAS: [*optional["apprise"], *optional["calendar"], *optional["govuk"]],
        RUNTIME: pyproject["project"]["dependencies"],
        BUILD: pyproject["build-system"]["requires"],
        DEV: optional["dev"],
    }[lock]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_one_version_with_its_hashes(lock: str) -> None:
    assert [line for line in requirement_lines(lock) if not PIN.fullmatch(line)] == []
    assert pins(lock)


@pytest.mark.parametrize(("lock", "more"), [(RUNTIME, set()), (EXTRAS, {"pyyaml"}), (DEV, {"pyyaml"})])
def test_only_the_ciphers_of_snmpv3_and_yaml_are_left_out_anywhere(lock: str, more: set[str]) -> None:
    marked = {line.partition("==")[0] for line in requirement_lines(lock) if ";" in line}
    assert marked == {"cffi", "cryptography"} | more


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_host_or_folder(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()
    assert [line for line in lines if re.search(r"://|(^|\s)/|^-|index|find-links|trusted", line)] == []


@pytest.mark.parametrize(("lock", "floor"), FLOORS, ids=[floor for _, floor in FLOORS])
def test_a_version_with_a_known_hole_does_not_come_back(lock: str, floor: str) -> None:
    requirement = Requirement(floor)
    assert pins(lock)[requirement.name] in requirement.specifier


@pytest.mark.parametrize("part", [RUNTIME, EXTRAS, BUILD])
def test_the_development_lock_holds_the_same_versions(part: str) -> None:
    assert pins(part).items() <= pins(DEV).items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_the_project_declares(lock: str) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, declared(lock)):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier, requirement
