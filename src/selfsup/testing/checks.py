"""Properties of every method: one function per property takes a recipe and raises AssertionError."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from selfsup.methods.base import ARRAYS, Method
from selfsup.nn import encoder
from selfsup.nn.encoder import Encoder, load_encoder, save_encoder
from selfsup.seeds import generator
from selfsup.specs.spec import instances
from selfsup.testing.shown import (
    completion_is_well_formed,
    panels_are_well_formed,
    prediction_is_well_formed,
    pretext_is_well_formed,
)
from selfsup.testing.trials import (
    EXAMPLES,
    STEP,
    Recipe,
    batch_of,
    build,
    every_array,
    hyper_of,
    move,
    optimisers,
    step,
    trained,
    views_of,
)
from selfsup.training.pretrain import method_class

Check = Callable[[Recipe], None]
SMALL_PARAMETERS = 500_000


def method_checks(recipe: Recipe) -> list[Check]:
    """Return the checks that the method of a recipe must pass: all, or with a large encoder only the cheap ones.

    ``recipe`` is the content of a file of params/methods. With pytest:
    ``@pytest.mark.parametrize("check", method_checks(recipe), ids=lambda check: check.__name__)``.
    """
    with torch.device("meta"):  # allocates nothing
        parameters = sum(parameter.numel() for parameter in encoder.build(recipe["encoder"]).parameters())
    return SMALL if parameters < SMALL_PARAMETERS else LARGE


def every_key_is_stored_under_its_name(recipe: Recipe) -> None:
    unknown = set(recipe["hyper"]) - set(method_class(recipe["method"]).hints())
    assert not unknown, f"hyper has {unknown}, which no argument takes"
    method = build(recipe)
    hyper = instances(method.hints(), hyper_of(recipe, method.info))
    for key, value in hyper.items():
        assert getattr(method, key, None) == value, f"{key} is {value}, and the method has {getattr(method, key, None)}"


def draws_are_rows_on_the_cpu_and_depend_on_the_seed(recipe: Recipe) -> None:
    method = build(recipe)
    draws, again, other = (method.draw(EXAMPLES, generator(seed, "views")) for seed in (0, 0, 1))
    for name, rows in draws.items():
        assert rows.device.type == "cpu", f"{name} is drawn on {rows.device}"
        assert len(rows) == EXAMPLES, f"{name} has {len(rows)} rows for {EXAMPLES} examples"
    assert _equal(draws, again), "equal seeds draw differently"
    assert not draws or not _equal(draws, other), "two seeds draw the same"


def equal_draws_make_equal_views(recipe: Recipe) -> None:
    method = build(recipe)
    views = views_of(method)
    assert views, "there are no views"
    assert _equal(views, views_of(method)), "views() is not a function of the draws"


def loss_is_pure_and_finite(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    views = views_of(method, 7)
    before = {key: value.clone() for key, value in method.state_dict().items()}
    for name, objective in method.objectives().items():
        first, second = objective.loss(views, {}, STEP), objective.loss(views, {}, STEP)
        assert torch.equal(first.loss, second.loss), f"{name}: the same views give two losses"
        assert first.loss.isfinite(), f"{name}: the loss is {first.loss}"
        for key, value in first.metrics.items():
            assert value.ndim == 0, f"metric {key} is not a scalar"
            assert value.isfinite(), f"metric {key} is {value}"
        for key, value in {**first.metrics, **first.extras}.items():
            assert not value.requires_grad, f"{key} is not detached"
    changed = {key for key, value in method.state_dict().items() if not torch.equal(value, before[key])}
    changed = {key for key in changed if "running" not in key and "num_batches_tracked" not in key}
    assert not changed, f"the loss changes {changed}"


def each_objective_updates_only_its_own_parameters(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    views, extras = views_of(method, 7), dict[str, Tensor]()
    for name, objective in method.objectives().items():
        output = objective.loss(views, extras, STEP)
        extras |= output.extras
        method.zero_grad(set_to_none=True)
        if objective.parameters:
            output.loss.backward()
        reached = {n for n, p in method.named_parameters() if p.grad is not None and p.grad.abs().max() > 0}
        assert reached <= set(objective.parameters), f"{name} has gradients in {reached - set(objective.parameters)}"
        missing = [n for n, p in objective.parameters.items() if p.grad is None]
        assert not missing, f"{name} has no gradient in its own {missing}"


def two_and_two_steps_equal_four(recipe: Recipe) -> None:
    uninterrupted, _ = trained(recipe, steps=4)
    half, of = trained(recipe, steps=2)
    file = io.BytesIO()
    torch.save((half.state_dict(), {n: o.state_dict() for n, o in of.items()}), file)
    file.seek(0)
    state, of_state = torch.load(file, weights_only=True)
    resumed = build(recipe, seed=99).train()
    resumed.load_state_dict(state)
    of = optimisers(resumed)
    for objective, optimiser in of.items():
        optimiser.load_state_dict(of_state[objective])
    for number in (2, 3):
        step(resumed, views_of(resumed, number), of, number)
    assert _equal(resumed.state_dict(), uninterrupted.state_dict()), "a resumed run differs: some state is in no buffer"


def encoders_are_restored_from_disk(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    for name, saved in method.encoders().items():
        x = _input(method, saved)
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            save_encoder(saved, Path(folder))
            loaded = load_encoder(Path(folder))
            assert torch.equal(loaded(x), saved.eval()(x)), f"encoder {name} differs after loading"


def features_do_not_depend_on_the_rest_of_the_batch(recipe: Recipe) -> None:
    method, _ = trained(recipe)
    method.eval()
    for network in method.encoders().values():
        x = _input(method, network)
        with torch.no_grad():
            torch.testing.assert_close(network(x)[:3], network(x[:3]), rtol=1e-4, atol=1e-5)


def overfits_eight_examples(recipe: Recipe) -> None:
    """Half of the first loss is reached within 60 steps.

    ``after_step`` is left out: a queue that fills with the same eight images would change the task.
    """
    method = build(recipe).train()
    views, of = views_of(method), optimisers(method)
    if of:
        first = move(method, views, of)[0]
        assert any(move(method, views, of)[0] < 0.5 * first for _ in range(60)), f"the loss stays near {first}"


def labels_are_used_only_with_a_labelled_modality(recipe: Recipe) -> None:
    method = build(recipe).train()
    arrays = every_array(method.info)
    others = {key: (arrays[key] + 1) % 3 for key in ("label", "content", "speaker")}
    views = [views_of(method, 0, **{key: arrays[key] % 3 for key in others}), views_of(method, 0, **others)]
    objective = next(iter(method.objectives().values()))
    first, second = (objective.loss(v, {}, STEP).loss for v in views)
    if method.modality.startswith("labelled"):
        assert not torch.equal(first, second), "other labels give the same loss"
    else:
        assert _equal(*views), "labels reach the views"
        assert torch.equal(first, second), "labels reach the loss"


def takes_a_step(recipe: Recipe, device: str = "cpu") -> None:
    method = build(recipe).to(device).train()
    convolution = _first_of(method.encoder, nn.Conv1d, nn.Conv2d)
    before = convolution.weight.clone()
    views = {key: value.to(device) for key, value in views_of(build(recipe)).items()}
    of = optimisers(method)
    loss = step(method, views, of)
    assert torch.isfinite(torch.tensor(loss)), f"the loss is {loss}"
    assert torch.equal(before, convolution.weight) == (not of), "the first convolution changes only with a loss"
    norm = _first_of(method.encoder, nn.BatchNorm1d, nn.BatchNorm2d)
    assert norm.num_batches_tracked >= 1 or not norm.training, "BatchNorm had no batch"


def _equal(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def _input(method: Method, network: Encoder) -> Tensor:
    """Return an encoder's input: tokens, waveforms, frames of clips, or images."""
    if network.modality == "tokens":
        return torch.randint(1, 50, (EXAMPLES, 12), generator=torch.Generator().manual_seed(0))
    if network.modality == "waveform":
        return batch_of(method)["waveform"]
    first = batch_of(method)[ARRAYS[method.modality][0]]
    return first[:, 0] if first.ndim == 5 else first


def _first_of(encoder: nn.Module, *kinds: type[nn.Module]) -> Any:
    """Return the first layer of these kinds, in the first part of a concatenated encoder."""
    part = getattr(encoder, "parts", [encoder])[0]
    return next(module for module in part.modules() if isinstance(module, kinds))


SMALL: list[Check] = [
    every_key_is_stored_under_its_name,
    draws_are_rows_on_the_cpu_and_depend_on_the_seed,
    equal_draws_make_equal_views,
    loss_is_pure_and_finite,
    each_objective_updates_only_its_own_parameters,
    two_and_two_steps_equal_four,
    encoders_are_restored_from_disk,
    features_do_not_depend_on_the_rest_of_the_batch,
    overfits_eight_examples,
    labels_are_used_only_with_a_labelled_modality,
    pretext_is_well_formed,
    panels_are_well_formed,
    prediction_is_well_formed,
    completion_is_well_formed,
]
LARGE: list[Check] = [every_key_is_stored_under_its_name, takes_a_step]
