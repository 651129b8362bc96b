"""A buffer without memory, for a GPU that is only compiled for."""

from max.driver import CPU, Buffer
from max.dtype import DType

from debug.candidate import outline
from debug.candidate.outline import Outline


def test_an_outline_passes_for_a_buffer():
    assert isinstance(Outline((2, 3), DType.float16, CPU()), Buffer)


def test_an_outline_says_what_a_buffer_would():
    real, drawn = Buffer.zeros((2, 3), DType.float32), Outline((2, 3), DType.float32, CPU())
    for name in ("rank", "num_elements", "element_size", "is_contiguous", "dtype"):
        assert getattr(drawn, name) == getattr(real, name)
    assert drawn.shape == tuple(real.shape)


def test_an_outline_can_be_seen_as_another_type_and_shape():
    seen = Outline((2, 3), DType.float32, CPU()).view(DType.uint32, (6,))
    assert (seen.shape, seen.dtype) == ((6,), DType.uint32)
    assert seen.to(CPU()).shape == (6,)


def test_where_there_is_memory_zeros_are_real():
    assert type(outline.zeros((2,), DType.float32, CPU())) is Buffer
