"""How much one layer matters; on the toy, what a layer that is right or wrong would do."""

import shutil
from pathlib import Path

import pytest
from editing import replace
from sessions import finished

from debug.causes.explainer import LoadedCandidate
from debug.engine.session import Session
from debug.experiments.counterfactual import Counterfactual
from examples.two_layers.subject import GRAPH

pytestmark = pytest.mark.max


@pytest.mark.parametrize(
    ("as_it_is", "repaired", "share"),
    [(0.5, 0.0, 1.0), (0.5, 0.25, 0.5), (0.5, 0.75, 0.0), (0.0, 0.0, 0.0)],
)
def test_the_share_that_would_go_is_between_nothing_and_all(as_it_is, repaired, share):
    assert Counterfactual(as_it_is, repaired, None).disappears == share


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """The toy with a layer that is too large, and one that is right behind it."""
    graph = Path(shutil.copy(GRAPH, tmp_path_factory.mktemp("toy") / "graph.py"))
    replace(graph, "+ self.bias", "+ self.bias * (2 if int(x.shape[-1]) == 8 else 1)")
    return finished(graph, [])


def would_be(session: Session, layer: str) -> Counterfactual | None:
    code = session._code()
    assert isinstance(code, LoadedCandidate)
    return session._explainer.counterfactual(layer, code, session._values)


def test_all_of_the_error_would_go_with_the_layer_that_is_wrong(session: Session):
    found = would_be(session, "grow")
    assert found is not None
    assert found.disappears > 0.99
    assert found.layer_only == pytest.approx(found.as_it_is, rel=1e-3)


def test_a_layer_that_is_right_brings_no_error_of_its_own(session: Session):
    found = would_be(session, "shrink")
    assert found is not None
    assert found.layer_only is not None
    assert found.layer_only < 1e-6 < found.as_it_is


def test_asking_leaves_no_trace(session: Session):
    assert would_be(session, "grow") == would_be(session, "grow")
    wide = session._explainer._recordings.wide
    assert not any(module._forward_hooks for module in wide.modules())


def test_nothing_is_known_without_the_layer_or_the_whole_model(session: Session):
    code = session._code()
    assert code is not None
    explainer, values = session._explainer, session._values
    without = {name: value for name, value in values.items() if name != "network"}
    assert explainer.counterfactual("grow", code, without) is None
    assert explainer.counterfactual("noise", code, values) is None
