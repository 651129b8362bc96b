"""A run as JUnit's XML, which every build server reads: a test case a layer.

A layer that is wrong is a failure with its cause, one that can't be seen is skipped, and
what kept the run from its end is an error. There are failures or errors in it exactly if
``check`` does not end with 0.
"""

import re
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.verdict import Verdict
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from debug.results.why import place_of
from tui import words
from tui.paths import relative
from tui.saving import save_text
from tui.versions import versions

SUITE = "maxwhisper check"
UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML has no way to write, such as those that colour a terminal."""
BEGINNING = 2000


def refuse_junit(path: Path) -> None:
    """Makes sure that results could be written there, without writing any.

    Raises:
        Problem: something else is there, or nothing can be written.
    """
    save_text(path, "", keep=False)
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open(errors="replace") as file:
        if "<testsuite" not in file.read(BEGINNING):
            message = f"{path} is there already and has no test results"
            raise Problem("save", f"{message}; give another name, or delete it")


def as_junit(run: Run) -> str:
    """Of a run that ended, whether or not at its end."""
    suite = Element("testsuite", name=SUITE)
    properties = SubElement(suite, "properties")
    for name, version in versions().items():
        SubElement(properties, "property", name=name, value=version)
    causes = {index: cause for cause in root_causes(run) for index in cause.layers}
    for index, layer in enumerate(run.layers):
        if index in run.results:
            _layer(run, index, causes.get(index), _case(suite, run, layer.name))
    for doubt in run.doubts:
        case = _case(suite, run, f"alignment: {doubt}")
        SubElement(case, "failure", type="doubt", message=plain(doubt))
    if (error := words.could_not_run(run)) is not None:
        following = run.layers[run.position + 1 : run.position + 2]
        name = following[0].name if following else "the rest"
        _error(_case(suite, run, name), error)
    return _written(suite)


def error_as_junit(error: Diagnostic) -> str:
    """Of a run that never began."""
    suite = Element("testsuite", name=SUITE)
    _error(SubElement(suite, "testcase", classname=SUITE, name="the comparison"), error)
    return _written(suite)


def _case(suite: Element, run: Run, name: str) -> Element:
    graph = run.opened.graph if run.opened else ""
    port = Path(graph).stem or SUITE
    return SubElement(suite, "testcase", classname=plain(port), name=plain(name), time="0")


def _layer(run: Run, index: int, cause: RootCause | None, case: Element) -> None:
    result = run.results[index]
    case.set("time", f"{result.seconds:.3f}")
    verdict, reason = result.chained.verdict, result.chained.reason
    if verdict is Verdict.UNSEEN:
        SubElement(case, "skipped", message=plain(reason))
    elif not verdict.healthy:
        message, *more = _why(run, index, cause)
        numbers = f"R {words.ratio(result.chained.ratio)}"
        said = "\n".join([message, *more, numbers])
        if verdict.wrong:
            failure = SubElement(case, "failure", type=verdict.value)
            failure.set("message", plain(message))
            failure.text = plain(said)
        else:
            SubElement(case, "system-out").text = plain(f"{verdict.value}: {said}")


def _why(run: Run, index: int, cause: RootCause | None) -> list[str]:
    """What makes a layer wrong, as far as that is known."""
    layer, found = run.layers[index], run.results[index].chained
    blame = words.blame(run, index, and_others=False)
    what = found.reason or words.spoiled(found, layer.row)
    place = cause.place if cause else place_of(run, index)
    where = f"{relative(place.path)}:{place.line}" if place else ""
    why = [": ".join(part for part in (where, cause.why) if part)] if cause else []
    said = [each for each in (*why, blame, what) if each]
    return said or [f"{layer.name} is {found.verdict.value}"]


def _error(case: Element, error: Diagnostic) -> None:
    said = plain(str(error))
    SubElement(case, "error", type=plain(error.kind), message=said).text = said


def plain(text: str) -> str:
    """What XML can hold."""
    return UNWRITABLE.sub("\ufffd", text)


def _written(suite: Element) -> str:
    cases = suite.findall("testcase")
    counts = {
        "tests": len(cases),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    seconds = sum(float(case.get("time", "0")) for case in cases)
    whole = Element("testsuites", name=SUITE)
    whole.append(suite)
    for each in (whole, suite):
        for name, count in counts.items():
            each.set(name, str(count))
        each.set("time", f"{seconds:.3f}")
    indent(whole)
    xml = tostring(whole, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{xml}\n'
