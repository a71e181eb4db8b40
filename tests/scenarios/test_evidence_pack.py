"""A pack, from its records to a supplier's own machine: untouched it holds, and no part can be changed."""

import csv
import json
import subprocess
import sys
import zipfile
from contextlib import suppress
from dataclasses import replace
from io import BytesIO

import pytest
from fakes.evidence_pack import (
    CONTRACTS,
    DAYS,
    EXCLUSIONS,
    INPUTS,
    ISSUER_KEY,
    MONTH,
    SITE_KEY,
    TICKETS,
    content,
    days_records,
    findings,
    outside_roots,
    pack_bytes,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netmon.cli.main import main
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.issue import issue_from
from netmon.evidence.seal.folder import Stretch
from netmon.evidence.seal.pack import PackError, open_pack, write_pack
from netmon.evidence.seal.pack_check import check_pack
from netmon.evidence.standalone.recompute import figures, recompute

TEXT, HOURS = "u60 d70 c20 ?9", 4
PACK = pack_bytes(TEXT, HOURS)


@pytest.fixture
def saved(tmp_path):
    def save(data=PACK):
        path = tmp_path / "pack.zip"
        path.write_bytes(data)
        return path

    return save


def parts(data=PACK):
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files):
    found = BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return found.getvalue()


def test_an_untouched_pack_holds_and_is_the_same_each_time(saved):
    report = check_pack(open_pack(saved()))
    assert report.faults == ()
    assert (report.hours, report.anchoring.unanchored_hours) == (4, 4)
    assert pack_bytes(TEXT, HOURS) == PACK


@pytest.mark.parametrize("name", sorted(parts()))
def test_any_file_that_was_touched_or_taken_is_named(name, saved):
    files = parts()
    original = files[name]
    files[name] = original.replace(b"1", b"2", 1) if b"1" in original else original + b" "
    if name not in ("manifest.json", "manifest.sig"):
        told = [fault.place for fault in check_pack(open_pack(saved(zipped(files)))).faults]
        assert name in told
        del files[name]
        told = [fault.place for fault in check_pack(open_pack(saved(zipped(files)))).faults]
        assert name in told
    else:
        try:
            told = [fault.place for fault in check_pack(open_pack(saved(zipped(files)))).faults]
        except PackError:
            return
        assert "manifest.json" in told


def test_a_file_that_was_slipped_in_is_named(saved):
    files = parts() | {"standalone/json.py": b"loads = None"}
    assert [str(one) for one in check_pack(open_pack(saved(zipped(files)))).faults] == [
        "standalone/json.py: does not belong into the pack"
    ]


@pytest.mark.parametrize(
    "data", [b"", b"PK", PACK[:1000], zipped({"a": b"b"}), zipped(parts() | {"manifest.json": b"{}"})]
)
def test_what_is_no_pack_is_refused_in_words(data, saved):
    with pytest.raises(PackError):
        open_pack(saved(data))


def test_a_newer_format_is_refused_in_words(saved):
    manifest = parts()["manifest.json"].replace(b'"format":1', b'"format":2')
    with pytest.raises(PackError, match="has format 2; this version reads format 1"):
        open_pack(saved(zipped(parts() | {"manifest.json": manifest})))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["manifest.json", "manifest.sig", "records.jsonl", "roots.jsonl", "findings.json"]),
    changes=st.lists(
        st.tuples(st.integers(0, 10**6), st.sampled_from(b'{}[]",:019xf')), min_size=1, max_size=3
    ),
)
def test_whatever_octets_are_changed_it_is_a_fault_or_refused_and_never_an_error(name, changes, saved):
    files = parts()
    octets = bytearray(files[name])
    for place, octet in changes:
        octets[place % len(octets)] = octet
    if bytes(octets) != files[name]:
        with suppress(PackError):
            assert check_pack(open_pack(saved(zipped(files | {name: bytes(octets)})))).faults


def run(path, *arguments):
    command = [sys.executable, "-I", str(path), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_machine_with_only_the_pack_and_python_can_tell(saved, tmp_path):
    path = saved()
    roots = tmp_path / "roots.txt"
    made = content(days_records(TEXT), HOURS)
    roots.write_text("".join(f"> {day.line()}\n" for day in outside_roots(made.roots)))
    done = run(path, "--root", str(roots))
    assert (done.returncode, done.stderr) == (0, "")
    assert "the pack holds, and all figures follow from its records" in done.stdout
    assert "0 of 4 hours have no outside copy behind them" in done.stdout
    assert "circuit c1 from 2026-03-01 to 2026-03-31, hours of Europe/London" in done.stdout
    assert "4 of 4 hours have no outside copy" in run(path).stdout


def test_a_false_figure_and_a_false_record_are_told_on_that_machine(saved):
    made = content(days_records(TEXT), HOURS)
    false = json.loads(json.dumps(made.findings))
    false["stretches"][0]["credit"]["pence"] += 100
    lying = write_pack(replace(made, findings=false), ISSUER_KEY)
    done = run(saved(lying))
    assert done.returncode == 1
    assert "stretches[0].credit.pence: the pack says" in done.stdout
    files = parts()
    files["records.jsonl"] = files["records.jsonl"].replace(b'"state":"down"', b'"state":"up"', 1)
    done = run(saved(zipped(files)))
    assert done.returncode == 1
    assert "was changed" in done.stdout


def test_names_in_a_pack_cannot_write_over_what_is_told_of_it(saved, capsys):
    path = saved(zipped(parts() | {"\x1b[2J\x1b[Hthe pack holds\n\u202e": b""}))
    assert main(["evidence", "verify", str(path)]) == 1
    told = capsys.readouterr().out
    done = run(path)
    assert done.returncode == 1
    for words in (told, done.stdout):
        assert not set("\x1b\u202e") & set(words)
        assert "the pack holds" not in words.splitlines()


def test_a_root_file_that_is_not_there_is_no_fault_of_the_pack(saved):
    done = run(saved(), "--root", "nowhere.txt")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "nowhere.txt: No such file or directory\n")


def test_findings_nested_without_end_are_a_fault_and_no_error(saved):
    made = content(days_records(TEXT), HOURS)
    files = parts(write_pack(made, ISSUER_KEY)) | {"findings.json": b"[" * 100_000}
    path = saved(zipped(files))
    assert [one.place for one in check_pack(open_pack(path)).faults] == ["findings.json"] * 2
    done = run(path)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_second_file_of_one_name_is_told_on_that_machine(saved):
    path = saved(zipped(parts() | {"findings.json": b"{}"}))
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("findings.json", parts()["findings.json"])
    with pytest.raises(PackError, match="two files of one name"):
        open_pack(path)
    done = run(path)
    assert done.returncode == 1
    assert "findings.json: is there twice" in done.stdout


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_another_compression_is_refused_in_words(method, saved):
    path = saved()
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in parts().items():
            archive.writestr(name, data)
    with pytest.raises(PackError, match="compressed as no pack is"):
        open_pack(path)


def test_an_outside_copy_that_says_nothing_of_the_pack_is_no_proof(saved, tmp_path):
    made = content(days_records(TEXT), HOURS)
    others = [replace(day, site="s2") for day in outside_roots(made.roots)]
    path, roots = saved(), tmp_path / "roots.txt"
    roots.write_bytes(b"caf\xe9\n" + "".join(f"{day.line()}\n" for day in others).encode())
    assert [one.place for one in check_pack(open_pack(path), others).faults] == ["outside roots"]
    done = run(path, "--root", str(roots))
    assert (done.returncode, done.stderr) == (1, "")
    assert "no line of it is of this site" in done.stdout


def test_a_machine_without_time_zones_says_so_and_judges_nothing(saved):
    code = (
        "import runpy, sys, zoneinfo; zoneinfo.reset_tzpath(to=[]); sys.modules['tzdata'] = None;"
        "sys.argv = [sys.argv[1]]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-I", "-c", code, str(saved())]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "install tzdata" in done.stderr


def test_a_file_that_only_begins_like_the_manifest_is_told_on_that_machine(saved):
    done = run(saved(zipped(parts() | {"manifest.txt": b"We agreed on something else."})))
    assert done.returncode == 1
    assert "manifest.txt: was changed, is missing or does not belong here" in done.stdout


@pytest.mark.parametrize("arguments", [("--root=roots.txt",), ("--roots", "x"), ("--root",), ("x",)])
def test_arguments_that_the_pack_does_not_know_are_refused_and_not_passed_over(arguments, saved):
    done = run(saved(), *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage" in done.stderr


OF_ANOTHER = {
    "days that somebody chose": (
        {"first": "2026-03-29", "last": "2026-03-30"},
        "is not about one whole month",
    ),
    "two months": ({"last": "2026-04-30"}, "is not about one whole month"),
    "another site": ({"site": "s2"}, "is about another site than the records"),
    "another method": ({"method": 2}, "method"),
}


@pytest.mark.parametrize("name", OF_ANOTHER)
def test_a_claim_of_another_site_or_of_chosen_days_does_not_hold(name, saved):
    changes, words = OF_ANOTHER[name]
    made = content(days_records(TEXT), HOURS)
    some = DAYS if "first" in changes else MONTH
    told = findings([entry.rec for entry in made.entries], INPUTS, some) | changes
    path = saved(write_pack(replace(made, findings=told), ISSUER_KEY))
    assert [words in str(one) for one in check_pack(open_pack(path)).faults] == [True]
    done = run(path)
    assert done.returncode == 1
    assert words in done.stdout


def test_hours_of_the_month_that_were_left_out_are_told(saved, capsys):
    # Four hours of March are in the pack: 740 of 744 are not.
    path = saved()
    assert check_pack(open_pack(path)).absent_hours == 740
    assert main(["evidence", "verify", str(path)]) == 0
    assert "740 hours of the month are not in the pack" in capsys.readouterr().out
    assert "4 hours; 740 hours of the month are not here" in run(path).stdout


def test_roots_of_another_site_do_not_hold_on_that_machine_either(saved):
    made = content(days_records(TEXT), HOURS)
    path = saved(write_pack(replace(made, site="s2", findings=made.findings | {"site": "s2"}), ISSUER_KEY))
    assert len(check_pack(open_pack(path)).faults) == HOURS
    assert "another site" in run(path).stdout


LETTERS = st.tuples(st.sampled_from("uuudwpcn?-"), st.integers(1, 400))
CELLS = {
    "customer,2h": ["customer,2h", "supplier,90m"],
    "99.9%,24x7": ["99.9%,24x7", ",24x7", "95%,Sat 22:00-06:00"],
    "max,60% of month": ["max,60% of month", "sum,", "max,£3 of quarter"],
    "ticket,": ["ticket,", "detection,"],
    "2026-03-30,,V": ["2026-03-30,,V", "2026-03-29,2026-03-29,V"],
    "10,45m": ["10,45m", ",", "0,10m"],
}


@settings(max_examples=15, deadline=None)
@given(st.lists(LETTERS, max_size=12), st.integers(), st.data())
def test_two_programs_find_the_same_figures(runs, seed, data):
    contracts = CONTRACTS
    for told, others in CELLS.items():
        contracts = contracts.replace(told, data.draw(st.sampled_from(others)), 1)
    inputs = INPUTS | {"contracts.csv": contracts}
    records = days_records(" ".join(f"{letter}{n}" for letter, n in runs), seed=seed)
    some = data.draw(st.sampled_from([DAYS, replace(DAYS, last=DAYS.first), replace(DAYS, first=DAYS.last)]))
    first = json.loads(json.dumps(findings(records, inputs, some)))
    tables = {name.removesuffix(".csv"): rows(text) for name, text in inputs.items()}
    assert figures(first, records, tables) == first


def rows(text):
    return list(csv.DictReader(text.splitlines()))


def test_the_figures_of_the_fixture_by_hand():
    # 29 March has 23 hours, 1 380 minutes: until 03:00 of summer time, 120, are the customer's own doing.
    found = findings(days_records("u540 d180"), INPUTS)
    early, late = found["stretches"]
    assert early["minutes"] == {"up": 1080, "down": 180, "elsewhere": 0, "unknown": 0, "excluded": 120}
    assert (early["verdict"], early["cited"], early["down_bounds"]) == ("fail", "Order 1, 4", [179, 181])
    # Down from 09:00 to 12:00 UTC. The ticket of 10:15 leaves 105 minutes, the supplier waited for 30 of
    # them: 75 are within two hours. One of two days is half of 95.00: 5 % of that is 2.375.
    assert early["clocks"] == [[DAYS.start_minute + 540, "T1", 180, 105, 75]]
    assert early["credit"] == {"pence": 238, "cap_pence": 5700, "workings": [["availability tier", 238]]}
    assert (late["first"], late["minutes"]["excluded"], late["verdict"]) == ("2026-03-30", 45, "not shown")


def test_the_centre_s_files_of_the_fixture_are_right():
    read = read_texts({"contracts": CONTRACTS, "exclusions": EXCLUSIONS, "tickets": TICKETS})
    assert len(read.exclusions) == 3
    assert SITE_KEY.public != ISSUER_KEY.public


class OneChain:
    """A chain that has some hours and no later ones."""

    public = SITE_KEY.public

    def __init__(self, made):
        self._made = made

    def stretch(self, *_):
        return Stretch(self._made.entries, self._made.roots)

    def later(self, *_):
        return ()


def test_a_pack_has_the_rows_of_its_circuit_alone_however_they_were_typed(saved, tmp_path):
    folder = tmp_path / "centre"
    folder.mkdir()
    other = "c2,2026-01-01,,Secret order,1,,,,99.9%,,,,,,below 99.9%: 5%,,,7777.00,,\n"
    spaced = ("\n,,\n" + CONTRACTS.replace(",", " , ") + other).replace("\n", "\r\n")
    (folder / "contracts.csv").write_bytes(b"\xef\xbb\xbf" + spaced.replace(": ", " : ").encode())
    (folder / "exclusions.csv").write_text(EXCLUSIONS.replace(",", ", "))
    (folder / "tickets.csv").write_text(TICKETS + '"c2",T-other,2026-03-29T10:00Z,,\n')
    path = saved(
        issue_from(OneChain(content(days_records(TEXT), HOURS)), ISSUER_KEY, folder, "c1", (2026, 3))
    )
    files = parts(path.read_bytes())
    assert not any(word in b"".join(files.values()) for word in (b"7777.00", b"Secret", b"T-other"))
    assert check_pack(open_pack(path)).faults == ()
    assert recompute(path) == []
    found = json.loads(files["findings.json"])
    plain = findings([entry.rec for entry in content(days_records(TEXT), HOURS).entries], INPUTS, MONTH)
    assert found == json.loads(json.dumps(plain))
