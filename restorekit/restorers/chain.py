"""Restorers one after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from restorekit.functional import mu_law, mu_law_inverse
from restorekit.registry import MODELS
from restorekit.restorers.base import BaseRestorer, Run


@MODELS.register_module()
class Chain(BaseRestorer):
    """Runs restorers one after another: super-resolution after a fusion, or before it.

    A step for single images that is given a bracket restores each of its frames. One that is given
    linear radiance, behind an HDR merge, works on its mu-law curve, which is undone after it: the
    result of the chain is linear then. A chain is
    assembled from trained parts for test and restore; train each part by itself. Checkpoints of the
    parts are loaded together, under `steps.<n>.`.

    Args:
        steps: The restorers or their configs, the first one first; all take RGB.
    Raises:
        ValueError: If a step needs a bracket that the one before has merged already.
    """

    def __init__(self, steps: Sequence[dict | BaseRestorer]) -> None:
        super().__init__()
        if not steps:
            raise ValueError('Chain: at least one step is needed')
        parts: list[BaseRestorer] = [
            MODELS.build(step) if isinstance(step, dict) else step for step in steps
        ]
        self.steps = nn.ModuleList(parts)
        merging = [index for index, step in enumerate(parts) if step.takes_bracket]
        if len(merging) > 1:
            raise ValueError(
                f'Chain: steps {merging} each merge a bracket; after the first there is one image'
            )
        self.takes_bracket = bool(merging)
        self.num_frames = parts[merging[0]].num_frames if merging else None
        self.scale = math.prod(step.scale for step in parts)
        self.linear = any(step.linear for step in parts)

    @property
    def needs_exposures(self) -> bool:
        return any(step.needs_exposures for step in self._restorers())

    @property
    def last(self) -> BaseRestorer:
        return self._restorers()[-1].last

    def restore(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        return self.restore_by(lambda step, *inputs: step.restore(*inputs), images, exposures)

    def restore_by(self, run: Run, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        linear = False
        for step in self._restorers():
            if images.ndim == 5 and not step.takes_bracket:
                frames = run(step, images.flatten(0, 1), None).clamp(0, 1)
                images = frames.unflatten(0, images.shape[:2])
            elif linear:
                images = _on_curve(run, step, images)
            else:
                images = run(step, images, exposures)
            linear |= step.linear
        return images

    def _restorers(self) -> list[BaseRestorer]:
        return cast(list[BaseRestorer], list(self.steps))


def _on_curve(run: Run, step: BaseRestorer, radiance: Tensor) -> Tensor:
    """Linear radiance, (N, C, H, W), restored by a step for display-referred images."""
    radiance = radiance.clamp(min=0)
    white = radiance.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1)
    restored = run(step, mu_law(radiance / white), None).clamp(0, 1)
    return mu_law_inverse(restored) * white
