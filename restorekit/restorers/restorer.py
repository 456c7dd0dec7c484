"""The model that the runner trains: a backbone, its losses and its data preprocessor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.contracts import Backbone, any_pools, common_period, widest_halo
from restorekit.data_sample import DataSample, stacked_targets
from restorekit.functional import fuse_chroma, imresize, rgb_to_ycbcr, ycbcr_to_rgb
from restorekit.options import Scale, fits, nearest, written
from restorekit.registry import BACKBONES, LOSSES, MODELS
from restorekit.restorers.base import BaseRestorer

Named = dict[str, 'Tensor | list[Tensor]']


class LossTerm(nn.Module):
    """A loss, its weight, and the names of what it compares.

    Args:
        loss: Config of the loss; `weight`, `pred` and `target` in it are the term's.
    """

    def __init__(self, loss: dict) -> None:
        super().__init__()
        if not isinstance(loss, dict):
            raise ValueError(f'Restorer: each entry of losses must be a dict, got {loss!r}')
        options = dict(loss)
        self.weight = options.pop('weight', 1.0)
        self.pred = options.pop('pred', 'output')
        self.target = options.pop('target', 'gt')
        for key, kind in (('weight', float), ('pred', str), ('target', str)):
            if not fits(getattr(self, key), kind):
                raise ValueError(
                    f'Restorer: {key} of a loss must be {written(kind)}, got {getattr(self, key)!r}'
                )
        self.loss = LOSSES.build(options)

    def forward(self, preds: Named, targets: dict[str, Tensor]) -> Tensor:
        """The weighted loss, a scalar, of what it compares among named (N, C, H, W) tensors."""
        pred, target = _named(preds, self.pred, 'pred'), _named(targets, self.target, 'target')
        if isinstance(pred, list):
            steps = (self.loss(step, target) for step in pred)
            return self.weight * sum(steps, start=target.new_zeros(()))
        loss = self.loss(pred, target)
        return loss if self.weight == 1 else self.weight * loss


def _named(tensors: dict, name: str, role: str) -> Any:
    if name not in tensors:
        raise ValueError(
            f'Restorer: a loss has {role}={name!r}, which is not there; '
            + nearest(name, list(tensors))
        )
    return tensors[name]


@MODELS.register_module()
class Restorer(BaseRestorer):
    """A network with its losses: (N, C, H, W), or a bracket, to (N, C, scale H, scale W).

    Args:
        backbone: Config of the network.
        losses: Config of the losses, by name. Besides the loss's own options an entry may have
            `weight` (default 1), `pred` (which of the backbone's named outputs, default 'output'; a
            list of tensors gives the sum) and `target` (default 'gt'; of the large frames of a
            bracket `gt_frames`, or their first and last, `gt_under` and `gt_over`). Without losses
            the model cannot be trained.
        data_preprocessor: Config; ImagePreprocessor for RGB by default.
        pre_upscale: Bicubic enlargement (MATLAB's) in front of a network that works at the size of
            its output.
        channels_last: Keep weights and images in channels-last order, which GPUs with half
            precision, and many CPUs, compute faster.
    """

    def __init__(
        self,
        backbone: dict,
        losses: dict[str, dict] | None = None,
        data_preprocessor: dict | None = None,
        pre_upscale: Scale = 1,
        channels_last: bool = False,
    ) -> None:
        super().__init__(data_preprocessor)
        self.backbone: Backbone = BACKBONES.build(backbone)
        self.losses = nn.ModuleDict({name: LossTerm(loss) for name, loss in (losses or {}).items()})
        self.pre_upscale = pre_upscale
        self.scale = self.backbone.scale * pre_upscale
        self.takes_bracket = self.backbone.takes_bracket
        self.num_frames = self.backbone.num_frames
        self.min_size = self.backbone.min_size
        self.divisible = self.backbone.divisible
        period = common_period(self.backbone)
        self.period = period // math.gcd(period, pre_upscale)
        self.halo = math.ceil(widest_halo(self.backbone) / pre_upscale)
        self.pools = any_pools(self.backbone)
        self.means_of_copy = self.backbone.means_of_copy
        self.linear = self.data_preprocessor.linear
        self.channels_last = False
        if channels_last:
            self.use_channels_last()

    def use_channels_last(self, enabled: bool = True) -> None:
        """Keep weights and images in channels-last order from now on, or in the usual one."""
        self.channels_last = enabled
        order = torch.channels_last if enabled else torch.contiguous_format
        self.backbone.to(memory_format=order)  # type: ignore[call-overload]

    def restore(self, images: Tensor, exposures: Tensor | None = None) -> Tensor:
        """See BaseRestorer; a network for luma keeps the chroma of colour images.

        Chroma is enlarged by MATLAB's bicubic where the network enlarges; of a bracket it is fused,
        by how far each frame is from gray. A network for colour takes gray images as three equal
        channels and gives their mean.
        """
        given, wanted = images.shape[-3], self.data_preprocessor.channels
        if given == wanted:
            return self._run(images, exposures)
        if given == 1:
            colour = images.expand(*images.shape[:-3], wanted, *images.shape[-2:])
            return self._run(colour, exposures).mean(dim=1, keepdim=True)
        if given != 3:
            raise ValueError(
                f'Restorer: expected gray images, or images of {max(wanted, 3)} channels, '
                f'got {tuple(images.shape)}'
            )
        luma, chroma = rgb_to_ycbcr(images).split([1, 2], dim=-3)
        restored = self._run(luma, exposures)
        if chroma.ndim == 5:
            chroma = fuse_chroma(chroma)
        if self.scale != 1:
            chroma = imresize(chroma, self.scale)
        return ycbcr_to_rgb(torch.cat([restored, chroma], dim=1))

    def _run(self, images: Tensor, exposures: Tensor | None) -> Tensor:
        inputs, least = self._network_input(images, exposures), self.min_size
        height, width = inputs.shape[-2:]
        if least == 1 or min(height, width) >= least:
            return self._image(self.backbone(inputs))
        # Smaller images than the network takes: the last row and column are repeated.
        beyond = (0, max(least - width, 0), 0, max(least - height, 0))
        planes = F.pad(inputs.flatten(0, -4), beyond, mode='replicate')
        wide = self.backbone(planes.unflatten(0, inputs.shape[:-3]))
        scale = self.backbone.scale
        return self._image(wide[..., : scale * height, : scale * width])

    def loss(self, inputs: Tensor, data_samples: Sequence[DataSample]) -> dict[str, Tensor]:
        """Weighted losses, scalars, as `loss_<name>`; the runner minimises their sum."""
        if not self.losses:
            raise ValueError('Restorer: losses are empty; training needs at least one')
        targets = stacked_targets(data_samples)
        network_input = self._network_input(inputs, targets.get('exposures'))
        outputs = self.backbone.forward_train(network_input)
        preds: Named = {
            name: [self._image(step) for step in out] if isinstance(out, list) else self._image(out)
            for name, out in outputs.items()
        }
        if 'gt_frames' in targets:
            frames = targets['gt_frames']
            targets |= {'gt_under': frames[:, 0], 'gt_over': frames[:, -1]}
        return {f'loss_{name}': term(preds, targets) for name, term in self.losses.items()}

    def _network_input(self, images: Tensor, exposures: Tensor | None) -> Tensor:
        if self.pre_upscale > 1:
            images = imresize(images, self.pre_upscale)
        images = self.data_preprocessor.encode(images, exposures)
        if self.channels_last and images.ndim == 4:
            images = images.contiguous(memory_format=torch.channels_last)
        return images

    def _image(self, output: Tensor) -> Tensor:
        return self.data_preprocessor.decode(
            output.float()
        )  # losses and metrics in full precision, also under autocast
