"""A report's text, made of its contents and a template.

Nothing that a run says is trusted to be plain: a layer may be called ``<b>``, and a message
may hold a whole line of source. In HTML Jinja escapes every value. In Markdown everything
is escaped as well, unless a filter has made code of it, where nothing means anything.
"""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tui.report.contents import Contents, Excerpt

GENERATOR = "maxwhisper report"
"""Stands in every report that is written to a file, which may therefore be overwritten."""
FEW = 12
"""How many rows an issue shows without folding them away."""
MEANT = re.compile(r"([\\`*_{}\[\]<>#|~&$!])")
"""What means something in Markdown, wherever it stands."""
AT = "&#64;"
"""An @ that notifies nobody: GitHub tells whoever has the name behind one."""
_TEMPLATES = FileSystemLoader(Path(__file__).with_name("templates"))


def as_html(contents: Contents) -> str:
    """A whole page that asks for no other file."""
    html = Environment(
        loader=_TEMPLATES, autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    page = html.get_template("report.html.jinja")
    text = page.render(of=contents, chart=contents.chart, generator=GENERATOR)
    return f"{text.strip()}\n"


def as_markdown(contents: Contents, whole: bool = True) -> str:
    """Markdown as GitHub reads it.

    Args:
        contents: what to say.
        whole: with all rows and the sources, as a document; else what an issue needs.
    """
    markdown = Environment(
        loader=_TEMPLATES, finalize=escaped, undefined=StrictUndefined, autoescape=True
    )
    markdown.filters |= {"code": code, "block": block}
    page = markdown.get_template("report.md.jinja")
    text = page.render(of=contents, whole=whole, few=FEW, generator=Markup(GENERATOR))
    return re.sub(r"\n{3,}", "\n\n", f"{text.strip()}\n")


def escaped(value: object) -> Markup:
    """What a template prints, so that it is read as it is."""
    if isinstance(value, Markup):
        return value
    in_one_line = re.sub(r"\s+", " ", str(value))
    return Markup(MEANT.sub(r"\\\1", in_one_line).replace("@", AT))


def code(text: str) -> Markup:
    """A piece of code in a line, in as many backticks as it takes."""
    plain = " ".join(text.split()).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", plain)), default=0))
    room = " " if plain.startswith("`") or plain.endswith("`") else ""
    return Markup(f"{fence}{room}{plain}{room}{fence}")


def block(excerpt: Excerpt) -> Markup:
    """Lines of source, the one that is meant marked, within an item of a list."""
    lines = [
        f"{line.number:5} {'>' if line.is_meant else ' '} {line.text}".rstrip()
        for line in excerpt.lines
    ]
    longest = max(map(len, re.findall("`+", "\n".join(lines))), default=0)
    fence = "`" * max(3, longest + 1)
    return Markup("\n".join(f"   {line}" for line in [f"{fence}text", *lines, fence]))
