"""Whether weights fit a model."""

from __future__ import annotations

from torch import Tensor, nn

from restorekit.io.weights import CheckpointError

MAX_LISTED = 5


def load_weights(model: nn.Module, state_dict: dict[str, Tensor], *, source: str) -> None:
    """Load weights into a model; it is untouched where an error is raised.

    Raises:
        CheckpointError: If something does not fit; see `fitting_weights`.
    """
    fitting, _ = fitting_weights(model.state_dict(), state_dict, source=source)
    model.load_state_dict(fitting)


def fitting_weights(
    own: dict[str, Tensor], state_dict: dict[str, Tensor], *, source: str, strict: bool = True
) -> tuple[dict[str, Tensor], str | None]:
    """The weights that a model can take.

    Args:
        own: The model's, by name.
        state_dict: Those given; the prefix `module.` of wrapped models is dropped.
        source: Where they come from, for messages.
        strict: Everything must fit; otherwise what fits is taken.
    Returns:
        What fits, and with strict off, a summary of what does not, or None.
    Raises:
        CheckpointError: If something does not fit, or with strict off, if nothing fits; or if
            NaN or infinity are among the weights.
    """
    given = {name.removeprefix('module.'): value for name, value in state_dict.items()}
    missing = [name for name in own if name not in given]
    unexpected = [name for name in given if name not in own]
    shapes = [
        f'{name}: {tuple(given[name].shape)} for {tuple(value.shape)}'
        for name, value in own.items()
        if name in given and given[name].shape != value.shape
    ]
    mismatched = {entry.split(': ')[0] for entry in shapes}
    parts = [
        _summary('missing', missing),
        _summary('unexpected', unexpected),
        _summary('of another shape', shapes),
    ]
    problem = '; '.join(part for part in parts if part)
    fitting = {
        name: value for name, value in given.items() if name in own and name not in mismatched
    }
    if damaged := [name for name, value in fitting.items() if not value.isfinite().all()]:
        raise CheckpointError(
            f'{source}: damaged weights: {_summary("tensors hold NaN or infinity", damaged)}'
        )
    if problem and (strict or not fitting):
        raise CheckpointError(
            f'{source} does not fit the model of the config ({len(fitting)} of {len(own)} entries '
            f'fit): {problem}'
        )
    return fitting, problem or None


def _summary(kind: str, names: list[str]) -> str:
    if not names:
        return ''
    more = ', …' if len(names) > MAX_LISTED else ''
    return f'{len(names)} {kind}: {", ".join(names[:MAX_LISTED])}{more}'
