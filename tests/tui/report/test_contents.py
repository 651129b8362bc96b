"""What a report of a run says."""

from datetime import datetime
from pathlib import Path

from broken_runs import ATTENTION, NAMES, explained, run_with
from fakes import opened
from msgspec.structs import replace

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Failed, Loaded
from debug.protocol.values import Place
from debug.results.run import Run
from tui.report.contents import NOT_TO_ITS_END, contents_of, excerpt

NOW = datetime(2026, 11, 27, 9, 30)


def of(run: Run, **options: object):
    return contents_of(run, options, NOW)


def test_a_report_says_which_layer_is_wrong_why_and_where(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "port.py"
    source.write_text("".join(f"line {number}\n" for number in range(1, 30)))
    found = of(explained(source))
    assert found.verdict == "diverged"
    assert not found.is_good
    assert found.headline[0] == "First wrong: blocks.0.attn (diverged)"
    (cause,) = found.causes
    assert cause.why == "epsilon is 0.001, PyTorch's is 1e-05 (explains 99.9 %)"
    assert cause.layers == ["blocks.0.attn"]
    assert cause.port is not None
    assert cause.port.place == "port.py:13"
    assert [line.text for line in cause.port.lines if line.is_meant] == ["line 13"]
    assert [line.number for line in cause.port.lines] == list(range(10, 17))


def test_a_source_that_is_gone_leaves_its_place():
    found = excerpt(Place("/nowhere/gone.py", 3), {})
    assert found is not None
    assert (found.place, found.lines) == ("gone.py:3", [])
    assert excerpt(None, {}) is None


def test_a_place_at_the_edge_of_a_file_has_fewer_lines_around_it(tmp_path: Path):
    file = tmp_path / "a.py"
    file.write_text("one\ntwo")
    found = excerpt(Place(str(file), 1), {})
    assert found is not None
    assert [line.text for line in found.lines] == ["one", "two"]


def test_a_healthy_run_has_no_causes_and_no_wrong_rows():
    found = of(run_with())
    assert found.is_good
    assert (found.verdict, found.causes, found.wrong) == ("ok", [], [])
    assert found.headline == ["All 11 layers and 1 input are ok."]
    assert [row.name for row in found.rows] == NAMES


def test_the_wrong_rows_are_those_in_the_run_and_those_in_isolation():
    wrong = of(run_with({ATTENTION: 300.0, 7: 1.5}, {ATTENTION: 1.0, 7: 90.0})).wrong
    assert [(row.ratio, row.isolated) for row in wrong] == [
        ("300.0", "1.0"),
        ("1.5", "90.0"),
    ]


def test_a_run_that_ended_early_says_so_and_is_no_good_one():
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    run.apply(Failed(Diagnostic("run", "no memory", "/home/ann/port.py", 3), fatal=False))
    found = of(run)
    assert found.verdict == NOT_TO_ITS_END
    assert not found.is_good
    assert found.headline[0].startswith("It can't run to its end: port.py:3: no memory")
    assert found.rows == []


def test_a_report_has_no_folder_of_this_machine_in_it(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = explained("/home/ann/my work/port.py")
    said = "no rights in /home/ann/my work/weights and ~/x/y.pt"
    run.opened = replace(opened(), graph="/home/ann/my work/port.py", warnings=[said])
    found = of(run, graph="/home/ann/my work/port.py", model="/opt/models/a.pt")
    assert "/home" not in str(found)
    assert "/opt" not in str(found)
    assert ("graph", "port.py") in found.settings
    assert ("model", "a.pt") in found.settings


def test_a_report_says_what_was_asked_for_and_which_versions_were_there():
    found = of(run_with(), seconds=2.0)
    assert ("seconds", "2.0") in found.settings
    assert {"maxwhisper", "max", "torch", "Python", "system"} == {
        n for n, _ in found.versions
    }
    assert found.written == "2026-11-27 09:30"
