"""A report as a page and as Markdown."""

import re
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from broken_runs import explained, run_with
from fakes import opened
from markdown_it import MarkdownIt
from msgspec.structs import replace

from debug.protocol.values import Cause
from debug.results.run import Run
from tui.report.contents import Contents, contents_of
from tui.report.render import as_html, as_markdown, code, escaped

NASTY = "<b>&\"'`|*_#{{ 7 * 7 }}</script><script>alert(1)</script> @everyone ```\n# no"


def of(run: Run) -> Contents:
    return contents_of(run, {"model": "micro"}, datetime(2026, 11, 27))


def nasty(tmp_path: Path) -> Run:
    """One in which all that comes from outside would break a page that believed it."""
    source = tmp_path / "port.py"
    source.write_text(f"{NASTY}\n" * 30)
    run = explained(source, Cause(NASTY, 0.999, 1.0))
    layers = [replace(each, name=f"{each.name}{NASTY}") for each in run.layers]
    run.opened = replace(
        opened(), layers=layers, model=NASTY, audio=NASTY, warnings=[NASTY]
    )
    return run


class Page(HTMLParser):
    """The elements of a page, and its text."""

    EMPTY = ("meta", "line", "polyline", "rect", "circle", "path")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.EMPTY or tag in ("rect", "circle", "path"):
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_element_of_the_page_is_closed(tmp_path: Path):
    page = Page(as_html(of(nasty(tmp_path))))
    assert page.opened == []


def test_the_page_asks_for_nothing_and_runs_nothing(tmp_path: Path):
    text = as_html(of(nasty(tmp_path)))
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "img", "iframe", "object", "b", "a", "base"}
    assert not any({"src", "href", "onload"} & set(given) for _, given in page.elements)
    assert "url(" not in text
    assert "@import" not in text


def test_what_the_page_says_is_what_the_run_said(tmp_path: Path):
    page = Page(as_html(of(nasty(tmp_path))))
    assert "<b>&\"'`|*_#{{ 7 * 7 }}</script><script>alert(1)</script>" in page.text
    assert "49" not in page.text


def test_the_page_is_for_dark_rooms_and_for_paper():
    text = as_html(of(run_with()))
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_the_page_has_the_answer_before_the_chart_and_the_chart_before_the_table():
    text = as_html(of(explained()))
    parts = ["First wrong: blocks.0.attn", "explains 99.9 %", "<svg", "<table"]
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    assert text.count("<tr><td") == 12


def rendered(text: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_markdown_is_read_as_it_was_meant(tmp_path: Path):
    page = rendered(as_markdown(of(nasty(tmp_path))))
    assert "<b>" not in page
    assert "<script>" not in page
    assert "<em>" not in page
    assert "<h1>" not in page
    assert page.count("<table>") == 1
    assert page.count("<tr>") == 13
    assert {
        row.count("<td") for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)[1:]
    } == {6}


def test_nobody_is_called_by_an_issue(tmp_path: Path):
    text = as_markdown(of(nasty(tmp_path)), whole=False)
    without_code = re.sub(r"(`+).*?\1", "", text)
    assert "@" not in without_code


def test_an_issue_has_the_answer_the_wrong_layers_and_the_versions():
    text = as_markdown(of(explained()), whole=False)
    assert "`model.py:13`: epsilon is 0.001, PyTorch's is 1e-05 (explains 99.9 %)" in text
    assert "PyTorch: `whisper/model.py:41`" in text
    assert re.findall(r"^\| \S+ \w+ \| `(.*?)`", text, re.MULTILINE) == ["blocks.0.attn"]
    assert text.splitlines()[-1].startswith("maxwhisper ")


def test_many_wrong_layers_are_folded_away():
    text = as_markdown(of(run_with(dict.fromkeys(range(12), 300.0))), whole=False)
    assert "<details>" not in text
    many = of(run_with(dict.fromkeys(range(12), 300.0)))
    object.__setattr__(many, "rows", [*many.rows, *many.rows])
    text = as_markdown(many, whole=False)
    assert "<details><summary>24 of 24 rows are not ok</summary>" in text
    assert rendered(text).count("<table>") == 1


def test_a_healthy_run_is_a_short_issue():
    text = as_markdown(of(run_with()), whole=False)
    assert "All 11 layers and 1 input are ok." in text
    assert "|" not in text


@pytest.mark.parametrize("text", ["a`b", "`a`", "``", "a|b", "plain", "@x"])
def test_code_is_fenced_whatever_is_in_it(text: str):
    table = f"| a |\n|---|\n| {code(text)} |\n"
    (said,) = re.findall(r"<code>(.*?)</code>", rendered(table))
    assert said == text


@pytest.mark.parametrize("text", ["a_b_c", "*a*", "[a](b)", "# a", "a\\b", "<a>", "~~a~~"])
def test_text_is_escaped_for_markdown(text: str):
    page = rendered(f"x {escaped(text)}")
    said = re.sub("</?p>", "", page).strip().replace("&lt;", "<").replace("&gt;", ">")
    assert said == f"x {text}"
