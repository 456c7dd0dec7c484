"""What a model costs."""

from __future__ import annotations

import contextlib
import copy

import torch
from torch.utils.flop_counter import FlopCounterMode

from restorekit.restorers import BaseRestorer, Chain, Restorer

RESULT = (320, 480)  # height and width of the image that is made, in pixels


def cost(model: BaseRestorer) -> dict[str, float]:
    """Parameters, and billions of floating-point operations for a result of 480 x 320 pixels.

    A multiplication and an addition count as two. Only what matrices and convolutions do is
    counted, as everywhere; nothing is computed for it. A method without a network has neither
    figure; a network that cannot be followed has no `gflops`.
    """
    parts = list(model.steps) if isinstance(model, Chain) else [model]
    count = sum(parameter.numel() for parameter in model.parameters())
    if not count:
        return {}
    found: dict[str, float] = {'parameters': count}
    with contextlib.suppress(RuntimeError, NotImplementedError):  # for real tensors alone
        found['gflops'] = sum(_operations(part) for part in parts) / 1e9
    return found


def _operations(part: torch.nn.Module) -> int:
    if not isinstance(part, Restorer):
        return 0
    backbone = copy.deepcopy(part.backbone).to('meta').eval()
    sides = (side // backbone.scale for side in RESULT)
    frames = (backbone.num_frames or 2,) if backbone.takes_bracket else ()
    channels = backbone.in_channels or part.data_preprocessor.channels
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        backbone(torch.empty(1, *frames, channels, *sides, device='meta'))
    return counter.get_total_flops()
