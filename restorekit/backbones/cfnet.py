"""CF-Net, and with gates CFAN: two exposures of low resolution, one fused image of high resolution.

Papers: Deng et al., "Deep coupled feedback network for joint exposure fusion and image
super-resolution" (CF-Net), IEEE TIP 2021; "Coupled feedback attention networks" (CFAN).
Reference implementation of CF-Net: https://github.com/ytZhang99/CF-Net.
Differences: the published under branch lacks the first PReLU (an option); BGR and [-1, 1] belong to
the data preprocessor.
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from restorekit.blocks import CFB, SRB, build_block
from restorekit.blocks.feedback import enlarge_conv, projection_options
from restorekit.contracts import Backbone
from restorekit.options import AtLeast1, Depth, Scale, Width
from restorekit.registry import BACKBONES

UNDER, OVER = 0, 1  # places in the bracket: dark to bright
BRANCHES = ('under', 'over')


class Reconstruction(nn.Module):
    """Features, enlarged, as a correction of the bilinearly enlarged frame."""

    def __init__(self, channels: int, out_channels: int, scale: int, options: tuple) -> None:
        super().__init__()
        self.up = enlarge_conv(channels, channels, scale, options)
        self.conv = nn.Conv2d(channels, out_channels, 3, padding=1)

    def forward(self, features: Tensor, enlarged: Tensor) -> Tensor:
        return enlarged + self.conv(self.up(features))


class _Branch(nn.Module):
    """All parts of one exposure's branch."""

    def __init__(
        self,
        *,
        in_channels: int,
        num_feats: int,
        num_steps: int,
        first_act: bool,
        gate: dict | None,
        share_steps: bool,
        scale: int,
        groups: dict[str, Any],
        re_guide: int | None,
    ) -> None:
        super().__init__()
        options = projection_options(scale, groups['projection'])
        self.extract = nn.Sequential(
            nn.Conv2d(in_channels, 4 * num_feats, 3, padding=1),
            nn.PReLU() if first_act else nn.Identity(),
            nn.Conv2d(4 * num_feats, num_feats, 1),
            nn.PReLU(),
        )
        count = 1 if share_steps else num_steps
        self.srb = SRB(num_feats, scale=scale, **groups)
        self.cfbs = nn.ModuleList(
            CFB(num_feats, scale=scale, re_guide=re_guide, **groups) for _ in range(count)
        )
        # The first of the gates and of the reconstructions is the super-resolution block's.
        self.gates = nn.ModuleList(
            build_block({'type': 'ChannelGate', **gate}, num_feats, stateful=True)
            for _ in range(count + 1)
            if gate is not None
        )
        self.reconstructions = nn.ModuleList(
            Reconstruction(num_feats, in_channels, scale, options) for _ in range(count + 1)
        )

    def reconstruct(
        self, step: int, features: Tensor, weights: Tensor | None, enlarged: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """The image of a step (0 is the super-resolution), and its gate's weights."""
        part = min(step, len(self.reconstructions) - 1)
        if self.gates:
            features, weights = self.gates[part].forward_with(features, weights)
        return self.reconstructions[part](features, enlarged), weights


@BACKBONES.register_module()
class CFNet(Backbone):
    """Super-resolves two exposures, then lets the two branches exchange features for T steps.

    (N, 2, C, H, W), dark to bright, to (N, C, scale H, scale W), the mean of the two branches' last
    images.

    Args:
        in_channels: C.
        num_feats: Width of the network.
        num_groups: N, projection groups of each block.
        num_steps: T, steps of coupled feedback.
        scale: 2, 3 or 4, or any with `projection`.
        projection: Kernel size, padding and output padding of the projections and of the
            reconstruction; CF-Net's by default, (3, 1, 1) in CFAN at x2.
        re_guide: See CFB; 3 in CF-Net, None in CFAN.
        gate: Config of the gates, blocks with `forward_with`; ChannelGate where it names no `type`
            (`dict(reduction=16)` in CFAN). None, as in CF-Net, for no gates.
        share_steps: Use the same weights in all steps.
        under_first_act: Whether the under-exposed branch's first convolution has its PReLU, which
            the published CF-Net lacks.
        checkpoint_steps: Recompute each block in the backward pass instead of keeping its features:
            less memory, more time.
    """

    takes_bracket = True
    num_frames = 2
    example: ClassVar[dict] = {'num_feats': 8, 'num_groups': 2, 'num_steps': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        num_groups: Depth = 6,
        num_steps: Depth = 3,
        scale: Scale = 2,
        projection: tuple[int, int, int] | None = None,
        re_guide: AtLeast1 | None = 3,
        gate: dict | None = None,
        share_steps: bool = False,
        under_first_act: bool = True,
        checkpoint_steps: bool = False,
    ) -> None:
        super().__init__()
        self.scale = scale
        self.in_channels = in_channels
        self.num_steps = num_steps
        self.checkpoint_steps = checkpoint_steps
        self.means_of_copy = gate is not None
        self.halo = 64  # steps of feedback look further than a pixel tells: 2.1 of 255 at 20
        self.branches = nn.ModuleList(
            _Branch(
                in_channels=in_channels,
                num_feats=num_feats,
                num_steps=num_steps,
                first_act=under_first_act if branch == UNDER else True,
                gate=gate,
                share_steps=share_steps,
                scale=scale,
                groups={'num_groups': num_groups, 'projection': projection},
                re_guide=re_guide,
            )
            for branch in (UNDER, OVER)
        )

    def forward(self, inputs: Tensor) -> Tensor:
        return self._fuse(self._run(inputs, every_step=False))

    def forward_train(self, inputs: Tensor) -> dict[str, Tensor | list[Tensor]]:
        """The fused image, `output`, and what the branches make on the way to it.

        Args:
            inputs: As in `forward`.
        Returns:
            Beside `output`: `sr_under`, `sr_over`, the super-resolved pair; `steps_under`,
            `steps_over`, each branch's images after every step of feedback. All are
            (N, C, scale H, scale W).
        """
        images = self._run(inputs, every_step=True)
        named: dict[str, Tensor | list[Tensor]] = {'output': self._fuse(images)}
        for branch, (first, *steps) in zip(BRANCHES, images, strict=True):
            named[f'sr_{branch}'] = first
            named[f'steps_{branch}'] = steps
        return named

    @staticmethod
    def _fuse(images: list[list[Tensor]]) -> Tensor:
        return 0.5 * images[UNDER][-1] + 0.5 * images[OVER][-1]

    def _run(self, inputs: Tensor, *, every_step: bool) -> list[list[Tensor]]:
        """The images of each branch: the super-resolved frame, then one per step, or the last."""
        if inputs.ndim != 5 or inputs.shape[1] != 2:
            raise ValueError(
                f'CFNet: expected pairs (N, 2, C, H, W), dark to bright, got {tuple(inputs.shape)}'
            )
        frames = inputs.unbind(1)
        enlarged = [
            F.interpolate(x, scale_factor=self.scale, mode='bilinear', align_corners=False)
            for x in frames
        ]
        first = [branch.extract(x) for branch, x in zip(self.branches, frames, strict=True)]
        features = [self._block(b.srb, f) for b, f in zip(self.branches, first, strict=True)]
        images: list[list[Tensor]] = [[], []]
        weights: list[Tensor | None] = [None, None]
        for step in range(self.num_steps + 1):
            if step:
                features = [
                    self._block(
                        branch.cfbs[min(step, len(branch.cfbs)) - 1],
                        first[own],
                        features[own],
                        features[1 - own],
                    )
                    for own, branch in enumerate(self.branches)
                ]
            for own, branch in enumerate(self.branches):
                if every_step or step == self.num_steps or (branch.gates and step):
                    # A gate remembers the step before, but not the super-resolution's.
                    before = weights[own] if step > 1 else None
                    image, weights[own] = branch.reconstruct(
                        step, features[own], before, enlarged[own]
                    )
                    images[own].append(image)
        return images

    def _block(self, block: nn.Module, *features: Tensor) -> Tensor:
        if self.checkpoint_steps and torch.is_grad_enabled():
            return checkpoint(block, *features, use_reentrant=False)
        return block(*features)
