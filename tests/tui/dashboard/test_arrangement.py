"""Layers fold, are filtered and sorted; the selected one is always shown."""

import pytest
from fakes import NAMES, FakeEngine, settle

from tui.dashboard.app import Dashboard


def names(app: Dashboard) -> list[str]:
    return [NAMES[index] for index in app.view.layers_pane.rows_shown]


async def wrong(pilot, press) -> None:
    FakeEngine.instances[-1].ratios = {5: 300.0, 6: 900.0, 7: 120.0, 11: 6e6}
    FakeEngine.instances[-1].isolated = {5: 280.0, 6: 20.0}
    await press(pilot, "c")


EQUAL_FOLDED = ["noise", "conv", "blocks.0", "blocks.1", "norm", "model"]


async def test_where_all_is_well_equal_blocks_are_folded_and_after_a_bug_they_are_not(
    app, press
):
    app.state.arrangement.by_hand = False
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c")
        assert names(app) == EQUAL_FOLDED
        assert "▸ blocks.0" in app.view.layers_pane.get_cell("7", "name").plain
        engine = FakeEngine.instances[-1]
        engine.ratios, engine.isolated = {5: 300.0}, {5: 280.0}
        engine.reload()
        await settle(pilot)
        assert names(app) == NAMES


async def test_a_block_folds_and_unfolds_and_who_folds_is_not_overruled(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        await press(pilot, "x", "space")
        assert NAMES[app.view.cursor] == "blocks.0.attn"
        assert "blocks.0.attn.query" not in names(app)
        await press(pilot, "space", "Z")
        assert names(app) == EQUAL_FOLDED
        assert NAMES[app.view.cursor] == "blocks.0"
        FakeEngine.instances[-1].reload()
        await settle(pilot)
        assert names(app) == EQUAL_FOLDED
        await press(pilot, "Z")
        assert names(app) == NAMES


async def test_what_a_key_leads_to_is_unfolded(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        await press(pilot, "Z", "x")
        assert NAMES[app.view.cursor] == "blocks.0.attn"
        assert "blocks.0.norm" in names(app)
        assert "blocks.1.norm" not in names(app)


async def test_only_the_guilty_or_the_changed_are_shown(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        await press(pilot, "x", "h")
        assert names(app) == ["blocks.0.attn", "blocks.0.mlp"]
        await press(pilot, "j")
        assert NAMES[app.view.cursor] == "blocks.0.mlp"
        FakeEngine.instances[-1].ratios = {5: 300.0}
        FakeEngine.instances[-1].reload()
        await settle(pilot)
        await press(pilot, "h")
        assert names(app) == ["blocks.0.mlp", "blocks.0", "model"]
        assert "only changed, 3 of 12" in str(app.view.layers_pane.border_title)
        await press(pilot, "h")
        assert names(app) == NAMES


async def test_the_worst_come_first_where_that_is_asked_for(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        await press(pilot, "O")
        worst = ["model", "blocks.0.mlp", "blocks.0.attn", "blocks.0"]
        assert names(app)[:4] == worst
        await press(pilot, "O")
        assert names(app)[:2] == ["blocks.0.attn", "blocks.0.mlp"]
        await press(pilot, "O", "O", "O")
        assert names(app) == NAMES


async def test_only_the_guilty_leaves_out_a_selected_layer_that_is_ok(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        await press(pilot, "g", "h")
        assert names(app) == ["blocks.0.attn", "blocks.0.mlp"]
        assert NAMES[app.view.cursor] == "blocks.0.attn"


async def test_a_kind_of_which_there_is_no_layer_is_passed_over(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c", "h")
        assert names(app) == NAMES


async def test_a_column_that_is_ticked_is_shown_at_once(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        pane = app.view.layers_pane
        assert "rel_l2" not in pane.columns
        await press(pilot, "K", "down", "down", "down", "space")
        assert "rel_l2" in pane.columns
        assert sum(column.width for column in pane.columns.values()) <= pane.size.width
        await press(pilot, "space", "escape")
        assert "rel_l2" not in pane.columns


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        (["slash", *"key"], "blocks.0.attn.key"),
        (["slash", *"keyx"], "blocks.0.attn.key"),
        (["slash", *"key", "escape"], "conv"),
        (["slash", *"norm", "enter", "full_stop"], "blocks.1.norm"),
        (["slash", *"norm", "enter", "full_stop", "comma"], "blocks.0.norm"),
    ],
)
async def test_the_search_goes_along_with_what_is_typed(app, press, keys, name):
    async with app.run_test(size=(120, 36)) as pilot:
        await wrong(pilot, press)
        await press(pilot, "g", "j", *keys)
        assert NAMES[app.view.cursor] == name


async def test_before_there_are_layers_no_key_of_theirs_does_harm(app, press):
    FakeEngine.broken = None
    async with app.run_test(size=(120, 36)) as pilot:
        FakeEngine.instances[-1].hangs = True
        await press(pilot, "space", "Z", "h", "O", "j", "k", "g", "G", "full_stop")
        await press(pilot, "h", "h", "O", "O", "O", "O")
