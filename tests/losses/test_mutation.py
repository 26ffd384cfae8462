"""A planted error that is not planted must not pass for one that was noticed."""

import pytest
import torch

from selfsup.losses import nt_xent
from tests.losses.mutation import mutant


@pytest.mark.parametrize("before", ["no such text", "first"], ids=["absent", "ambiguous"])
def test_a_text_that_does_not_occur_once_is_no_assertion_error(before):
    with pytest.raises(LookupError, match=r"occurs .* times in selfsup\.losses\.nt_xent"):
        mutant(nt_xent, before, "second")


def test_the_error_is_planted_in_a_copy():
    first, second = torch.eye(2), torch.eye(2)
    wrong = mutant(nt_xent, "z.T / temperature", "z.T * temperature")
    assert wrong.nt_xent(first, second, 2.0)[0] == nt_xent.nt_xent(first, second, 0.5)[0]
    assert wrong.nt_xent(first, second, 2.0)[0] != nt_xent.nt_xent(first, second, 2.0)[0]
