"""Which of the reference's inputs a port's arguments are."""

import pytest
import torch

from debug.port.given import given_to
from debug.protocol.diagnostic import Problem

torch.manual_seed(0)
IMAGES = torch.randn(2, 3, 5, 7)
IDS = torch.arange(12).reshape(2, 6)


def test_without_arguments_of_its_own_a_port_gets_the_references():
    given = given_to(None, {"ids": IDS})
    assert given.same["ids"] is IDS
    assert given.uncompared == []


@pytest.mark.parametrize(
    "value",
    [
        IMAGES.permute(0, 2, 3, 1),
        IMAGES.permute(0, 3, 2, 1),
        IMAGES.reshape(2, 3, 35),
        IMAGES.reshape(6, 5, 7).numpy(),
    ],
)
def test_the_same_numbers_in_another_layout_are_the_same_input(value):
    given = given_to([value], {"images": IMAGES})
    assert torch.equal(given.same["images"], IMAGES)
    assert given.uncompared == []


def test_a_square_image_is_known_by_its_numbers():
    images = torch.randn(1, 4, 4, 4)
    given = given_to([images.permute(0, 2, 3, 1)], {"images": images})
    assert torch.equal(given.same["images"], images)


def test_whole_numbers_of_another_type_are_the_same_and_have_the_references():
    given = given_to([IDS.to(torch.int32)], {"ids": IDS})
    assert torch.equal(given.same["ids"], IDS)
    assert given.same["ids"].dtype is torch.int64


def test_what_was_reshaped_for_exchanging_axes_is_the_input_and_wrong():
    given = given_to([IMAGES.reshape(2, 5, 7, 3)], {"images": IMAGES})
    assert given.uncompared == []
    assert given.same["images"].shape == IMAGES.shape
    assert not torch.equal(given.same["images"], IMAGES)


def test_other_numbers_and_patches_are_not_compared():
    mask = torch.ones(2, 6)
    added = (1 - mask) * -1e4
    patches = IMAGES[:, :, :4, :6].reshape(2, 3, 2, 2, 3, 2).permute(0, 2, 4, 1, 3, 5)
    given = given_to({"added": added, "patches": patches}, {"m": mask, "images": IMAGES})
    assert given.same == {}
    assert given.uncompared == ["added", "patches"]


def test_arguments_in_another_order_are_found_by_name_and_by_their_numbers():
    zeros = torch.zeros(2, 6)
    reference = {"a": zeros, "b": zeros, "ids": IDS}
    given = given_to({"ids_": IDS, "b": zeros}, reference)
    assert given.names == {"ids_": "ids", "b": "b"}
    assert given_to([IDS, zeros], reference).names == {
        "candidate_inputs[0]": "ids",
        "candidate_inputs[1]": "a",
    }


def test_what_is_no_tensor_is_said():
    with pytest.raises(Problem, match=r"has a str for candidate_inputs\[0\]"):
        given_to(["text"], {"ids": IDS})
