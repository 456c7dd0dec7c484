"""Parts for restorekit, found through the entry point in pyproject.toml."""

from pathlib import Path

from mmcv.transforms import BaseTransform
from torch import Tensor, nn

from restorekit.blocks import build_block
from restorekit.contracts import Backbone, Block
from restorekit.datasets import layout
from restorekit.functional import full_precision
from restorekit.metrics import ImageMetric
from restorekit.registry import BACKBONES, BLOCKS, LOSSES, METRICS, TRANSFORMS
from restorekit.transforms import generator


@BLOCKS.register_module()
class ExampleBlock(Block):
    def __init__(self, channels: int, *, gain: float = 0.1) -> None:
        super().__init__()
        self.gain, self.conv = gain, nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.gain * self.conv(x).relu()


@BACKBONES.register_module()
class ExampleNet(Backbone):
    scale, in_channels = 1, 1

    def __init__(self, *, block: dict, num_feats: int = 8) -> None:
        super().__init__()
        middle = build_block(block, num_feats)
        self.layers = nn.Sequential(nn.Conv2d(1, num_feats, 1), middle, nn.Conv2d(num_feats, 1, 1))

    def forward(self, inputs: Tensor) -> Tensor:
        return inputs + self.layers(inputs)


@LOSSES.register_module()
class ExampleLoss(nn.Module):
    @full_precision
    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        return ((pred - target).abs() / (target.abs() + 0.1)).mean()


@METRICS.register_module()
class ExampleError(ImageMetric):
    title = 'MAE'

    def score(self, pred: Tensor, target: Tensor, samples: list) -> Tensor:
        return (pred - target).abs().mean(dim=(1, 2, 3))


def example_folder(gt_dir: str) -> list[dict]:
    files = sorted(Path(gt_dir).glob('*.png'))
    return [{'name': file.stem, 'files': {'gt': [str(file)]}} for file in files]


ExampleFolder = layout('ExampleFolder', example_folder)


@TRANSFORMS.register_module()
class ExampleGain(BaseTransform):
    def transform(self, results: dict) -> dict:
        gain = generator().uniform(0.8, 1)
        return {**results, 'lq': gain * results['lq'], 'gt': gain * results['gt']}
