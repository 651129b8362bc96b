"""What the documents say is so."""

import json
import re
from argparse import ArgumentParser, _SubParsersAction
from collections import Counter
from pathlib import Path

import pytest
from shell import ROOT

from core.practice.bases import BASES
from core.practice.bugs import bugs, held_out
from debug.protocol.verdict import CHANNEL, FRAME, HEAD, LAYER, Limits, Verdict
from scripts.keys import table
from tui.commands.parser import COMMANDS, build_parser
from tui.settings import add_dashboard_options

DOCS = ROOT / "docs"
RESULTS = ROOT / "benchmarks" / "results"
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *DOCS.glob("*.md"), *(ROOT / "examples").rglob("*.md")]
)
README = (ROOT / "README.md").read_text()


def read(name: str) -> str:
    return (DOCS / name).read_text()


# -- Links and paths -------------------------------------------------------------------


def links(document: Path) -> list[str]:
    """The targets of a document's links, but for those to other sites."""
    found = re.findall(r"\]\(([^)\s]+)\)", document.read_text())
    return [each for each in found if "://" not in each]


@pytest.mark.parametrize(
    ("document", "target"),
    [
        pytest.param(document, target, id=f"{document.name}: {target}")
        for document in DOCUMENTS
        for target in links(document)
    ],
)
def test_every_link_leads_somewhere(document: Path, target: str):
    path, _, anchor = target.partition("#")
    assert (document.parent / path).exists()
    assert not anchor, "headings change: link to the page"


def named_paths(document: Path) -> set[str]:
    """The files and folders of the project that a document names in backticks."""
    packages = "|".join(sorted(each.name for each in ROOT.iterdir() if each.is_dir()))
    pattern = rf"`((?:{packages})/[\w./-]*)`"
    return set(re.findall(pattern, document.read_text()))


@pytest.mark.parametrize(
    ("document", "path"),
    [
        pytest.param(document, path, id=f"{document.name}: {path}")
        for document in DOCUMENTS
        for path in sorted(named_paths(document))
    ],
)
def test_every_path_that_is_named_is_there(document: Path, path: str):
    assert (ROOT / path).exists()


def test_every_page_is_reached_from_the_readme():
    reached = {(ROOT / target).resolve() for target in links(ROOT / "README.md")}
    assert {page for page in DOCUMENTS if page != ROOT / "README.md"} <= reached


def test_every_target_of_make_that_is_named_exists():
    makefile = (ROOT / "Makefile").read_text()
    for document in DOCUMENTS:
        code = "\n".join(re.findall(r"```.*?```|`[^`]+`", document.read_text(), re.DOTALL))
        for line in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", code):
            for target in line.split():
                assert re.search(rf"^{target}:", makefile, re.MULTILINE), (document, target)


# -- The architecture ------------------------------------------------------------------


def may_import() -> dict[str, set[str]]:
    """What each wing of the debugger may import, as the page has it."""
    rows = re.findall(
        r"^\| `debug/(\w+)[/.]\w*` \| .* \| ([\w, ]+) \|$",
        read("architecture.md"),
        re.MULTILINE,
    )
    found: dict[str, set[str]] = {}
    before: set[str] = set()
    for wing, wings in rows:
        words = set(re.findall(r"\w+", wings)) - {"nothing", "the", "same", "and"}
        before = found[wing] = words | (before if "the same" in wings else set())
    return found


def test_every_wing_of_the_debugger_is_on_the_map():
    wings = {path.stem for path in (ROOT / "debug").iterdir() if path.name[0] != "."}
    assert set(may_import()) == wings - {"__pycache__"}


def test_every_wing_imports_what_the_map_allows():
    for wing, allowed in may_import().items():
        for file in (ROOT / "debug").rglob("*.py"):
            if file.relative_to(ROOT / "debug").parts[0].removesuffix(".py") != wing:
                continue
            used = re.findall(r"^\s*from debug\.(\w+)", file.read_text(), re.MULTILINE)
            assert set(used) - {wing} <= allowed, file


# -- The README ------------------------------------------------------------------------


def test_the_readme_is_one_page():
    assert len(README.splitlines()) <= 110


def test_the_readmes_first_bug_can_be_planted():
    old, new = re.findall(r"`(epsilon=[^`]+)`", README)
    encoder = (ROOT / "core" / "encoder.py").read_text()
    assert encoder.count(old) == 1
    assert new != old
    numbers = [float(each.partition("=")[2]) for each in (new, old)]
    cause = "epsilon is {:g}, PyTorch's is {:g}".format(*numbers)
    assert f"{cause} (explains 100 %)" in README


def test_the_readmes_example_divides_as_it_says():
    rows = re.findall(
        r"^\| `([\w.]+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|", README, re.MULTILINE
    )
    assert len(rows) == 3
    for _, floor, error, ratio in rows:
        assert float(error) / float(floor) == pytest.approx(float(ratio), rel=0.1)


def test_the_readme_says_what_the_figures_say():
    said = " ".join(README.split())
    (layers, count), (lines, asked), causes = found_in_the_pack(WHOLE_PACK)
    assert f"Of {count} bugs that we planted ourselves, the layer was named in all" in said
    assert layers == count
    assert f"the line in {lines} of the {asked} that have one" in said
    assert f"the true cause was the first one listed in {causes}." in said
    (layers, count), (lines, asked), causes = found_in_the_pack(WHOLE_PACK, "held out, ")
    assert f"Of {count} bugs that nobody who works on the debugger has seen" in said
    assert f"it was {layers}, {lines} of {asked} and {causes};" in said
    runs = healthy_runs("false-alarms-2s-cpu.txt")
    assert f"no false alarm in {len(runs)} runs" in said
    assert "stayed below 3" in said
    assert max(runs) < 3


# -- The verdict -----------------------------------------------------------------------

SLICES = {
    "the whole layer": LAYER,
    "its worst frame or token": FRAME,
    "its worst head": HEAD,
    "its worst channel": CHANNEL,
}


@pytest.mark.parametrize("name", SLICES)
def test_the_limits_are_those_of_the_verdict(name: str):
    limits: Limits = SLICES[name]
    row = f"| {name} | {limits.ok_up_to:g} | {limits.watch_up_to:g} | `diverged` |"
    assert row in read("verdict.md")


def test_the_readmes_limits_are_those_of_the_verdict():
    limits = f"Up to {LAYER.ok_up_to:g} is `ok`, up to {LAYER.watch_up_to:g} is `watch`"
    assert limits in README


def test_every_verdict_is_explained():
    explained = re.findall(r"^\| `(\w+)` \| ", read("verdict.md"), re.MULTILINE)
    assert explained == [verdict.value for verdict in Verdict]


# -- Keys and commands -----------------------------------------------------------------


def test_every_key_is_there_as_it_is_bound():
    assert table() in read("keys.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_with_its_exit_statuses(name: str):
    row = rf"^\| `maxwhisper {name}\b.*` \| .+ \| 0"
    assert re.search(row, read("commands.md"), re.MULTILINE)


def options(parser: ArgumentParser) -> set[str]:
    return {name for action in parser._actions for name in action.option_strings}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_of_a_command_is_explained(name: str):
    (commands,) = (
        action
        for action in build_parser()._actions
        if isinstance(action, _SubParsersAction)
    )
    asked = options(commands.choices[name]) - {"-h", "--help"}
    text = read("commands.md") + read("practice.md")
    assert {option for option in asked if option not in text} == set()


def test_every_option_of_the_dashboard_is_there():
    parser = ArgumentParser(add_help=False)
    add_dashboard_options(parser)
    (usage,) = re.findall(
        r"maxwhisper-tui \[AUDIO\|PORT.py\].*?```", read("commands.md"), re.DOTALL
    )
    assert set(re.findall(r"--[\w-]+", usage)) == options(parser)


# -- Figures ---------------------------------------------------------------------------


WHOLE_PACK = "bugpack-all-6s-cpu.txt"


def found_in_the_pack(
    file: str = "bugpack-micro-cpu.txt", part: str = ""
) -> tuple[tuple[int, int], tuple[int, int], int]:
    """Of the run in a file: layers and lines (found and asked), causes."""
    text = (RESULTS / file).read_text()

    def of(what: str) -> tuple[int, int]:
        (found,) = re.findall(rf"^{part}{what}: (\d+) of (\d+)", text, re.MULTILINE)
        return int(found[0]), int(found[1])

    return of("first wrong layer right"), of("line right"), of("cause first")[0]


def healthy_runs(file: str = "false-alarms-cpu.txt") -> list[float]:
    """The largest R of each run that looked for false alarms."""
    text = (RESULTS / file).read_text()
    runs = re.findall(r"R up to ([\d.]+), isolated [\d.]+  ok$", text, re.MULTILINE)
    assert len(runs) == text.count("R up to")
    return [float(each) for each in runs]


def test_the_pack_was_found_as_is_said():
    (layers, count), (lines, asked), causes = found_in_the_pack()
    figures = read("figures.md")
    assert f"| the first wrong layer | {layers} | {count} |" in figures
    assert f"| the line | {lines} | the {asked} that have one |" in figures
    assert f"| the true cause, named first | {causes} | {count} |" in figures
    date = re.search(r"\d{4}-\d\d-\d\d", (RESULTS / "bugpack-micro-cpu.txt").read_text())
    assert date is not None
    assert date[0] in figures


def test_the_pack_has_as_many_bugs_as_is_said():
    kinds = {bug.kind for bug in bugs()}
    practice = " ".join(read("practice.md").split())
    assert f"{len(bugs())} bugs of {len(kinds)} kinds" in practice
    assert f"Another {len(held_out())} bugs are held out" in practice
    assert (
        f"`maxwhisper practice`: {len(bugs())} bugs to find"
        in (ROOT / "CHANGELOG.md").read_text()
    )


def test_every_port_that_is_broken_is_listed_with_its_bugs():
    rows = re.findall(r"^\| `(core/[\w/.]+)` \| .+ \| (\d+) \|$", read("practice.md"), re.M)
    counts = Counter(str(BASES[bug.base].relative_to(ROOT)) for bug in bugs())
    assert {path: int(count) for path, count in rows} == counts


def test_every_kind_of_bug_is_listed_with_its_bugs():
    rows = re.findall(
        r"^\| ([a-z ]+) \| (\d+) \| .+ \|$", read("practice.md"), re.MULTILINE
    )
    counts = Counter(bug.kind for bug in bugs())
    assert {kind: int(count) for kind, count in rows} == counts


@pytest.mark.parametrize("page", ["causes.md", "figures.md"])
def test_as_many_bugs_were_measured_as_is_said(page: str):
    (said,) = set(re.findall(r"\b(\d+) (?:planted )?bugs\b|the (\d+) bugs", read(page)))
    assert int(said[0] or said[1]) == found_in_the_pack()[0][1]


def test_healthy_runs_were_as_good_as_is_said():
    runs, figures = healthy_runs(), " ".join(read("figures.md").split())
    assert f"In all {len(runs)} runs every layer was `ok`" in figures
    assert f"the largest R was {max(runs)}" in figures
    assert f"R of whole layers was at most {max(runs)}" in read("verdict.md")


def test_the_times_are_those_of_the_benchmark():
    report = json.loads((RESULTS / "reload-tiny-cpu.json").read_text())
    figures = read("figures.md")
    for edit in ("first layer", "every block", "last layer"):
        times = report["edits"][edit]
        first, last = times["first_seconds"], times["last_seconds"]
        assert f"| {first:.1f} s | {last:.1f} s |" in figures
    assert report["date"] in figures
    assert f"takes {report['bare_script_seconds']:.0f} s there" in figures
    assert f"{report['peak_memory_gb']:.1f} GB" in figures


# -- Sources ---------------------------------------------------------------------------


def test_no_source_file_is_too_long_to_read():
    for folder in ("core", "debug", "tui", "examples", "tests", "scripts", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text().splitlines()) <= 400, path
    assert len((ROOT / "core" / "encoder.py").read_text().splitlines()) < 200
