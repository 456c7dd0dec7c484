# For weights that `restorekit convert dncnn` has converted: one network for JPEG, super-resolution
# and noise.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/dncnn.py',
    '../_base_/datasets/test_luma_jpeg.py',
]

quality = 10
model = dict(backbone=dict(widths=[64] * 19))
