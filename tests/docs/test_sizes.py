"""Functions and modules fit in a head, the top level is closed, and no file speaks of one machine."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FUNCTION_LINES_MAX = 40
MODULE_LINES_MAX = 250
ROOMS = ("netmon", "probes", "collectors")
TOP_LEVEL = {
    *ROOMS,
    *("dashboards", "systemd", "tests"),
    *("pyproject.toml", "Makefile", "README.md", "CHANGELOG.md", "LICENSE", "netmon.example.toml"),
    "netmon.services.example.toml",
    *("requirements.lock", "requirements-build.lock", "requirements-extras.lock"),
    *("requirements-dev.lock", ".ci", ".gitignore"),
}
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
MACHINE_FOLDER = re.compile(r"(?<![\w.}/])/(work|tmp|home|root|farm)(/|\b)")
REGISTRY_HOST = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org")


def tracked() -> list[str]:
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: there is no list of the project's own files")
    return [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]


def lines_that_match(pattern: re.Pattern[str], names: list[str]) -> Iterator[str]:
    for name in names:
        text = (ROOT / name).read_text(errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            if pattern.search(line):
                yield f"{name}:{number}: {line.strip()[:100]}"


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= FUNCTION_LINES_MAX
    ]
    assert long == []


def test_a_module_has_one_reason_to_change() -> None:
    counts = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in MODULES}
    long = [f"{path} has {count} lines" for path, count in counts.items() if count > MODULE_LINES_MAX]
    assert long == []


def test_the_top_level_holds_only_what_belongs_there() -> None:
    assert {name.split("/")[0] for name in tracked()} - TOP_LEVEL == set()


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    # systemd's units speak of the system's own folders, and this file of what it forbids.
    names = [name for name in tracked() if not name.startswith(("systemd/", "tests/docs/"))]
    assert list(lines_that_match(MACHINE_FOLDER, names)) == []


def test_no_file_names_a_package_registry() -> None:
    names = [name for name in tracked() if not name.startswith("tests/docs/")]
    assert list(lines_that_match(REGISTRY_HOST, names)) == []
