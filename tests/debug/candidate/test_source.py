import os
import sys
from pathlib import Path

import pytest
from editing import replace

from debug.candidate.source import (
    changed_since,
    content_hash,
    content_hashes,
    load_source,
    local_files,
)
from debug.protocol.diagnostic import Diagnostic, Problem


def problem_of(path: Path) -> Diagnostic:
    with pytest.raises(Problem) as raised:
        load_source(path)
    return raised.value.diagnostic


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "port.py"
    path.write_text("import parts\n\nvalue = parts.value\n")
    (tmp_path / "parts.py").write_text("value = 1\n")
    return path


def test_each_load_executes_the_file_afresh(graph):
    first = load_source(graph).module
    replace(graph, "parts.value", "parts.value + 1")
    second = load_source(graph).module
    assert (first.value, second.value) == (1, 2)


def test_an_edit_of_an_imported_neighbour_is_seen(graph):
    load_source(graph)
    replace(graph.parent / "parts.py", "1", "5")
    assert load_source(graph).module.value == 5


def test_the_files_of_a_source_are_itself_and_its_neighbours(graph):
    assert local_files(graph) == [graph, graph.parent / "parts.py"]
    assert load_source(graph).names == {str(graph), str(graph.parent / "parts.py")}


def test_a_file_that_imports_itself_is_read_once(graph):
    (graph.parent / "parts.py").write_text("import port\nvalue = 1\n")
    assert len(local_files(graph)) == 2


def test_a_file_where_the_program_was_started_does_not_hide_a_neighbour(
    graph, tmp_path_factory, monkeypatch
):
    here = tmp_path_factory.mktemp("here")
    (here / "parts.py").write_text("value = 'of another folder'\n")
    monkeypatch.chdir(here)
    monkeypatch.syspath_prepend(str(here))  # as python -m does
    assert load_source(graph).module.value == 1


def test_a_folder_of_its_name_does_not_hide_a_neighbour(
    graph, tmp_path_factory, monkeypatch
):
    here = tmp_path_factory.mktemp("here")
    (here / "parts").mkdir()
    monkeypatch.syspath_prepend(str(here))
    assert load_source(graph).module.value == 1


def test_a_neighbour_does_not_hide_a_library(graph):
    (graph.parent / "json.py").write_text("raise RuntimeError('the wrong json')\n")
    sys.modules.pop("json", None)
    import json

    graph.write_text("import json\nvalue = json.dumps(1)\n")
    sys.modules["json"] = json
    assert load_source(graph).module.value == "1"


def test_a_syntax_error_is_placed_at_its_line_and_runs_nothing(graph):
    graph.write_text("import parts\nraise SystemExit\nx = (\n")
    diagnostic = problem_of(graph)
    assert diagnostic.path == str(graph)
    assert diagnostic.line == 3
    assert "syntax error" in diagnostic.message


def test_a_syntax_error_in_a_neighbour_is_placed_there(graph):
    (graph.parent / "parts.py").write_text("value = 1\ndef\n")
    diagnostic = problem_of(graph)
    assert (Path(diagnostic.path or "").name, diagnostic.line) == ("parts.py", 2)


def test_an_exception_is_placed_at_the_innermost_line_of_the_source(graph):
    (graph.parent / "parts.py").write_text("\n\nvalue = 1 / 0\n")
    diagnostic = problem_of(graph)
    assert (Path(diagnostic.path or "").name, diagnostic.line) == ("parts.py", 3)
    assert diagnostic.message == "ZeroDivisionError: division by zero"


def test_a_source_that_exits_does_not_end_the_engine(graph):
    graph.write_text("raise SystemExit('bye')\n")
    assert problem_of(graph).line == 1


def test_a_bad_load_leaves_the_neighbours_that_were_loaded(graph):
    load_source(graph)
    before = sys.modules["parts"]
    graph.write_text("import parts\nraise ValueError('no')\n")
    problem_of(graph)
    assert sys.modules["parts"] is before


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe\x00"])
def test_a_file_that_is_no_python_is_a_problem_in_one_line(graph, content):
    graph.write_bytes(content)
    assert "\n" not in str(problem_of(graph))


def test_a_file_in_another_encoding_than_it_says_is_placed(graph):
    graph.write_bytes(b"value = 1\n# h\xe9re\n")
    diagnostic = problem_of(graph)
    assert (diagnostic.line, diagnostic.message) == (2, "it is no utf-8: save it as UTF-8")


def test_a_neighbour_that_goes_or_comes_is_a_change(graph):
    parts, hashes = graph.parent / "parts.py", content_hashes(graph)
    assert changed_since(hashes, graph) is None
    parts.unlink()
    assert changed_since(hashes, graph) == parts
    without = content_hashes(graph)
    assert changed_since(without, graph) is None
    parts.write_text("value = 1\n")
    assert changed_since(without, graph) == parts


def test_what_tells_of_a_source_has_all_of_python_again(graph):
    graph.write_text("import builtins\n\nbuiltins.len = None\nlen(1)\n")
    diagnostic = problem_of(graph)
    assert (diagnostic.line, len([1])) == (4, 1)
    assert "not callable" in diagnostic.message


def test_a_file_that_is_not_there_is_a_problem(tmp_path):
    diagnostic = problem_of(tmp_path / "none.py")
    assert "can't read" in diagnostic.message
    assert content_hash(tmp_path / "none.py") is None


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A source that is part of a package within another one."""
    folder = tmp_path / "outer" / "inner"
    folder.mkdir(parents=True)
    for each in (folder.parent, folder):
        (each / "__init__.py").write_text("")
    (folder.parent / "shared.py").write_text("two = 2\n")
    (folder / "parts.py").write_text("value = 1\n")
    path = folder / "port.py"
    text = "from . import parts\nfrom ..shared import two\nfrom .parts import value\n"
    path.write_text(f"{text}total = parts.value + value + two\n")
    return path


def test_a_file_of_a_package_imports_relatively(package):
    assert load_source(package).module.total == 4
    names = {path.name for path in local_files(package)}
    assert {"port.py", "parts.py", "shared.py"} <= names


def test_an_edit_of_a_relative_import_is_seen(package):
    load_source(package)
    replace(package.parent.parent / "shared.py", "2", "5")
    replace(package.parent / "parts.py", "1", "2")
    assert load_source(package).module.total == 9


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package that is installed elsewhere, such as an architecture of MAX."""
    folder = tmp_path / "site" / "installed_port"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "sizes.py").write_text("size = 3\n")
    (folder / "network.py").write_text("from .sizes import size\nvalue = size * 10\n")
    monkeypatch.syspath_prepend(str(folder.parent))
    for name in [each for each in sys.modules if each.startswith("installed_port")]:
        monkeypatch.delitem(sys.modules, name)
    return folder


def test_a_package_elsewhere_is_read_again_where_it_is_named(graph, library):
    graph.write_text("from installed_port.network import value\n")
    assert load_source(graph).module.value == 30
    replace(library / "sizes.py", "3", "4")
    assert load_source(graph).module.value == 30
    found = load_source(graph, {"installed_port"})
    assert found.module.value == 40
    assert str(library / "network.py") in found.names


def test_the_files_of_a_package_elsewhere_are_watched(graph, library):
    graph.write_text("from installed_port.network import value\n")
    load_source(graph)
    assert library / "sizes.py" in content_hashes(graph, {"installed_port"})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"x = 1\ny = '\0'\n", "port.py:2: it holds a NUL byte: save it as UTF-8"),
        ("x = 1\n".encode("utf-16"), "port.py:1: it is UTF-16: save it as UTF-8"),
        (b"x = 1\ny = " + b"-" * 100_000 + b"1\n", "port.py:2: it is nested too deeply"),
        (b"x = 1\ny = " + b"1+" * 50_000 + b"1\n", "port.py:2: it is nested too deeply"),
        (b"x = " + b"(" * 300 + b")" * 300, "port.py:1: syntax error: too many nested"),
        (b"x = '\xe9'\n", "syntax error: (unicode error) 'utf-8' codec can't decode"),
    ],
    ids=["NUL", "UTF-16", "signs", "sums", "brackets", "Latin-1"],
)
def test_a_file_that_python_can_not_parse_is_named_with_its_line(graph, content, says):
    graph.write_bytes(content)
    assert says in str(problem_of(graph))
    assert content_hashes(graph)  # so that the save after it is one


def test_a_neighbour_that_was_deleted_is_not_imported_from_memory(graph):
    graph.with_name("beside.py").write_text("FACTOR = 1\n")
    graph.write_text("import beside\n")
    load_source(graph)
    graph.with_name("beside.py").unlink()
    assert "port.py:1: ModuleNotFoundError" in str(problem_of(graph))


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(graph):
    graph.unlink()
    os.mkfifo(graph)
    assert "no file, but a pipe" in str(problem_of(graph))
    assert content_hash(graph) is None
    graph.unlink()
    graph.mkdir()
    assert "can't read" in str(problem_of(graph))


def test_what_is_no_error_but_an_interrupt_leaves_the_neighbours_loaded(graph):
    load_source(graph)
    before = sys.modules["parts"]
    graph.write_text("import parts\nraise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_source(graph)
    assert sys.modules["parts"] is before


def test_a_link_that_a_file_takes_the_place_of_is_a_change(graph, tmp_path):
    link = tmp_path / "elsewhere" / "link.py"
    link.parent.mkdir()
    link.symlink_to(graph)
    before = content_hashes(link)
    link.unlink()
    link.write_text("x = 1\n")
    assert content_hash(link) != before[link]


def test_a_neighbour_of_a_folder_that_is_gone_gives_way_to_one_of_its_name(
    graph, tmp_path_factory
):
    assert load_source(graph).module.value == 1
    other = tmp_path_factory.mktemp("other")
    (other / "parts.py").write_text("value = 2\n")
    (other / "port.py").write_text(graph.read_text())
    (graph.parent / "parts.py").unlink()
    assert load_source(other / "port.py").module.value == 2
