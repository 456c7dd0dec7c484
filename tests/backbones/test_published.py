"""Published weights, converted; on whole test sets they give the figures in the configs' README."""

from __future__ import annotations

import pytest
import torch

from restorekit.config import load_config
from restorekit.convert import convert_checkpoint
from restorekit.functional import imresize, psnr, rgb_to_y
from restorekit.io import jpeg_round_trip, read_image
from restorekit.io.checkpoint import read_checkpoint
from restorekit.registry import MODELS

# Config, weights, PSNR of the middle of Set5's butterfly, luma, unrounded, border 4.
MIDDLE = {
    'vdsr/vdsr-published_x3.py': ('vdsr.pt', 31.302),
    'dncnn/dncnn3-published_x3.py': ('dncnn3.pt', 31.027),
    'dncnn/dncnn3-published_jpeg-q10.py': ('dncnn3.pt', 29.635),
    'lapsrn/lapsrn-published_x4.py': ('lapsrn.pt', 29.477),
    'fsrcnn/fsrcnn-published_x2.py': ('fsrcnn_x2.pt', 32.739),
    'imdn/imdn-published_x2.py': ('imdn_x2.pt', 35.155),
}


@pytest.mark.parametrize('name', MIDDLE)
def test_figure(name, data_root, tmp_path):
    weights, expected = MIDDLE[name]
    published = data_root / 'weights/compare' / weights
    convert_checkpoint(name.partition('/')[0], published, tmp_path / 'a.pth')
    model = MODELS.build(load_config(name).model).eval()
    model.load_state_dict(read_checkpoint(tmp_path / 'a.pth')['state_dict'])
    image = read_image(data_root / 'sr/Set5/HR/butterfly.png')[80:176, 80:176]
    gt = torch.from_numpy(image).permute(2, 0, 1)[None]
    if model.scale == 1:
        gt = rgb_to_y(gt)
        lq = torch.from_numpy(jpeg_round_trip(gt[0, 0, :, :, None].numpy(), 10))
        lq = lq.permute(2, 0, 1)[None]
    else:
        lq = imresize(gt, 1 / model.scale)
    with torch.no_grad():
        pred = model.restore(lq).clamp(0, 1)
    if pred.shape[1] == 3:
        pred, gt = rgb_to_y(pred), rgb_to_y(gt)
    border = slice(4, -4)
    figure = psnr(pred[..., border, border], gt[..., border, border])
    assert float(figure) == pytest.approx(expected, abs=0.01)
