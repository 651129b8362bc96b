import math

import pytest
import torch

from debug.measure.divergence import compare, outside
from debug.measure.statistics import describe
from debug.measure.truth import measure_reference
from debug.protocol.values import Tolerance
from debug.protocol.verdict import Verdict

FRAMES, CHANNELS = 50, 16


def truth_of(exact: torch.Tensor):
    return measure_reference(exact, exact.float())


@pytest.fixture
def exact() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, FRAMES, CHANNELS, generator=generator, dtype=torch.float64)


def judge(candidate: torch.Tensor, exact: torch.Tensor, dtype: str = "float32"):
    return compare(candidate, truth_of(exact), dtype)[1]


def test_the_references_own_rounding_has_a_ratio_of_at_most_one(exact):
    divergence = judge(exact.float(), exact)
    assert divergence.verdict is Verdict.OK
    assert divergence.ratio is not None
    assert divergence.ratio <= 1.0


def test_an_exact_copy_of_an_exact_reference_diverges_by_nothing(exact):
    rounded = exact.float().double()
    divergence = judge(rounded.float(), rounded)
    assert divergence.rel_l2 == divergence.ratio == divergence.max_abs == 0.0


def test_relative_l2_is_the_norm_of_the_difference_over_that_of_the_reference(exact):
    candidate = (exact * 1.01).float()
    assert judge(candidate, exact).rel_l2 == pytest.approx(0.01, rel=1e-4)


def test_the_largest_difference_is_found_at_its_place(exact):
    candidate = exact.float()
    candidate[0, 31, 7] += 5.0
    divergence = judge(candidate, exact)
    assert divergence.max_abs_at == [0, 31, 7]
    assert divergence.max_abs == pytest.approx(5.0)
    assert divergence.frame is not None
    assert divergence.channel is not None
    assert (divergence.frame.index, divergence.channel.index) == (31, 7)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda x: x * 1.0001, id="scaled by a ten-thousandth"),
        pytest.param(lambda x: x + 1e-4, id="offset"),
        pytest.param(lambda x: x.roll(1, -2), id="shifted by a frame"),
        pytest.param(lambda x: x.flip(-1), id="channels permuted"),
        pytest.param(lambda x: x.bfloat16().float(), id="rounded to bfloat16"),
    ],
)
def test_bugs_that_leave_mean_and_std_alone_diverge(exact, spoil):
    assert judge(spoil(exact.float()), exact).verdict is Verdict.DIVERGED


def test_cosine_distance_keeps_digits_that_one_minus_cosine_loses(exact):
    direction = torch.randn(exact.shape, generator=torch.Generator().manual_seed(2))
    noise = direction.double() * 1e-9
    candidate = exact + noise
    divergence = compare(candidate, truth_of(exact), "float64")[1]
    expected = (noise.norm() / exact.norm()).item() ** 2 / 2
    assert divergence.cosine_distance == pytest.approx(expected, rel=0.1)


def test_cosine_distance_is_blind_to_scale_and_relative_l2_is_not(exact):
    divergence = compare(exact * 2, truth_of(exact), "float64")[1]
    assert divergence.cosine_distance == pytest.approx(0.0, abs=1e-15)
    assert divergence.rel_l2 == pytest.approx(1.0)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_invalid_and_has_a_place(exact, bad):
    candidate = exact.float()
    candidate[0, 3, 4] = bad
    stats, divergence = compare(candidate, truth_of(exact), "float32")
    assert divergence.verdict is Verdict.INVALID
    assert divergence.max_abs_at == [0, 3, 4]
    assert "1 values are NaN or Inf" in divergence.reason
    assert stats.nonfinite == 1
    assert stats.mean is not None


def test_another_shape_is_invalid_before_any_number(exact):
    divergence = judge(exact.float()[:, 1:], exact)
    assert divergence.verdict is Verdict.INVALID
    assert divergence.reason == "shape [1, 49, 16] where the reference has [1, 50, 16]"
    assert divergence.rel_l2 is None


def test_another_dtype_is_invalid(exact):
    divergence = judge(exact.half(), exact)
    assert (divergence.verdict, divergence.reason) == (
        Verdict.INVALID,
        "dtype float16 instead of float32",
    )


def test_a_port_may_keep_either_of_two_layouts(exact):
    native = exact.permute(0, 2, 1)
    truth = measure_reference(native, native.float(), (0, 2, 1))
    for candidate in (exact.float(), native.float()):
        assert compare(candidate, truth, "float32")[1].verdict is Verdict.OK


def test_a_reference_of_zeros_is_matched_by_zeros_alone():
    zeros = torch.zeros(1, 4, 4, dtype=torch.float64)
    assert judge(zeros.float(), zeros).verdict is Verdict.OK
    assert judge(zeros.float() + 1, zeros).verdict is Verdict.DIVERGED


def test_statistics_of_a_tensor_are_those_of_torch(exact):
    stats = describe(exact.float())
    assert stats.mean == pytest.approx(exact.mean().item(), abs=1e-7)
    assert stats.std == pytest.approx(exact.std(correction=0).item(), rel=1e-6)
    assert (stats.min, stats.max) == pytest.approx((exact.min().item(), exact.max().item()))


def test_statistics_of_nothing_finite_are_unknown():
    stats = describe(torch.full((2, 2), math.nan))
    assert (stats.mean, stats.std, stats.nonfinite) == (None, None, 4)


def test_profiles_are_short_and_point_at_the_spoiled_part(exact):
    candidate = exact.float()
    candidate[0, -1] += 1.0
    divergence = judge(candidate, exact)
    assert len(divergence.frames) == FRAMES
    assert divergence.frames.index(max(e or 0 for e in divergence.frames)) == FRAMES - 1


# -- Slices ------------------------------------------------------------------------------


def noisy(exact: torch.Tensor, size: float) -> torch.Tensor:
    """Noise of a relative size."""
    noise = torch.randn(exact.shape, generator=torch.Generator().manual_seed(3))
    return noise.double() * exact.norm() / exact.numel() ** 0.5 * size


def test_one_spoiled_frame_decides_though_the_whole_is_ok(exact):
    large = exact.repeat(1, 200, 1)
    candidate = large.float().double()
    candidate[0, 77] += noisy(exact[0, 0], 3e-6)
    divergence = judge(candidate.float(), large)
    assert divergence.ratio is not None
    assert divergence.ratio < 4
    assert divergence.verdict is not Verdict.OK
    assert divergence.frame is not None
    assert divergence.frame.index == 77
    assert divergence.frame.verdict is divergence.verdict


def test_one_spoiled_head_is_found(exact):
    truth = measure_reference(exact, exact.float(), heads=4)
    candidate = exact.float()
    candidate[..., 8:12] *= 1.00001
    head = compare(candidate, truth, "float32")[1].head
    assert head is not None
    assert head.index == 2
    assert head.verdict is Verdict.DIVERGED


def test_a_layer_without_heads_has_no_worst_head(exact):
    assert judge(exact.float(), exact).head is None


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_no_spoiled_channel(exact, dtype):
    """A channel that PyTorch happens to round to nothing may be one step off in MAX."""
    rounded = exact.to(dtype).double()
    candidate = rounded.clone()
    candidate[..., 3] *= 1 + torch.finfo(dtype).eps
    truth = measure_reference(rounded, rounded)
    name = str(dtype).removeprefix("torch.")
    channel = compare(candidate.to(dtype), truth, name)[1].channel
    assert channel is not None
    assert channel.verdict is Verdict.OK


def test_a_persons_own_tolerance_counts_as_torch_does_and_decides_nothing(exact):
    candidate = exact.float()
    candidate[0, 3, :4] += 0.5
    truth, mine = truth_of(exact), Tolerance(rtol=1e-3, atol=1e-5)
    close = torch.isclose(candidate.double(), exact, rtol=1e-3, atol=1e-5)
    assert outside(candidate, truth, mine) == int((~close).sum()) == 4
    assert outside(candidate[:, :3], truth, mine) is None
    assert judge(candidate, exact).outside is None
