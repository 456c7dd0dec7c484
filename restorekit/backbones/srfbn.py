"""SRFBN, which sends its features through one feedback block again and again.

Paper: Li et al., "Feedback network for image super-resolution", CVPR 2019. Reference
implementation: https://github.com/Paper99/SRFBN_CVPR19.
"""

from __future__ import annotations

from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from restorekit.backbones.cfnet import Reconstruction
from restorekit.blocks import build_block, conv3x3
from restorekit.blocks.feedback import projection_options
from restorekit.contracts import Backbone, least_size
from restorekit.options import Depth, Scale, Width
from restorekit.registry import BACKBONES


@BACKBONES.register_module()
class SRFBN(Backbone):
    """Features, T steps of one block with feedback; each corrects the bilinearly enlarged image.

    (N, in_channels, H, W) to (N, in_channels, scale H, scale W), the last step's image.

    Args:
        in_channels: Of input and output.
        num_feats: Width of the network.
        num_groups: Projection groups of the block.
        num_steps: T.
        block: Any entry of BLOCKS with `forward_with`; FeedbackBlock by default.
        scale: 2, 3 or 4.
    """

    example: ClassVar[dict] = {'num_feats': 8, 'num_groups': 2, 'num_steps': 2}

    def __init__(
        self,
        *,
        in_channels: Width = 3,
        num_feats: Width = 64,
        num_groups: Depth = 6,
        num_steps: Depth = 4,
        block: dict | None = None,
        scale: Scale = 2,
    ) -> None:
        super().__init__()
        if block is None:
            block = {'type': 'FeedbackBlock', 'num_groups': num_groups, 'scale': scale}
        self.scale = scale
        self.in_channels = in_channels
        self.num_steps = num_steps
        self.extract = nn.Sequential(
            conv3x3(in_channels, 4 * num_feats),
            nn.PReLU(),
            nn.Conv2d(4 * num_feats, num_feats, 1),
            nn.PReLU(),
        )
        self.block = build_block(block, num_feats, stateful=True)
        self.reconstruction = Reconstruction(
            num_feats, in_channels, scale, projection_options(scale, None)
        )
        self.min_size = least_size(self)

    def forward(self, inputs: Tensor) -> Tensor:
        return self._run(inputs)[-1]

    def forward_train(self, inputs: Tensor) -> dict[str, Tensor | list[Tensor]]:
        """The last step's image, `output`, and those of all steps, `steps`."""
        steps = self._run(inputs)
        return {'output': steps[-1], 'steps': steps}

    def _run(self, inputs: Tensor) -> list[Tensor]:
        enlarged = F.interpolate(
            inputs, scale_factor=self.scale, mode='bilinear', align_corners=False
        )
        features, state, images = self.extract(inputs), None, []
        for _ in range(self.num_steps):
            result, state = self.block.forward_with(features, state)
            images.append(self.reconstruction(result, enlarged))
        return images
