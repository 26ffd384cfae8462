"""Changing some views: those only, in place, with their own parameters, whatever the memory order."""

import pytest
import torch

from selfsup.views.rows import change_rows_


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last, "planes"])
def test_changes_the_selected_rows_in_place(layout):
    images = torch.rand(5, 3, 4, 4)
    before = images.clone()
    if layout == "planes":
        images = images.transpose(0, 1).contiguous().transpose(0, 1)
    else:
        images = images.contiguous(memory_format=layout)
    where = torch.tensor([True, False, True, False, True])
    scale = torch.arange(5.0)
    changed = change_rows_(images, where, lambda chosen, s: chosen.mul_(s[:, None, None, None]), scale)
    assert changed is images
    expected = torch.where(where[:, None, None, None], before * scale[:, None, None, None], before)
    torch.testing.assert_close(images, expected)


def test_without_rows_the_function_is_not_called():
    images = torch.rand(2, 3, 4, 4)
    before = images.clone()

    def refuse(chosen):
        raise AssertionError("called without a row")

    assert torch.equal(change_rows_(images, torch.zeros(2, dtype=torch.bool), refuse), before)
