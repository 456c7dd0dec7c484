# For weights that `restorekit convert dncnn` has converted: 17 convolutions.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/dncnn.py',
    '../_base_/datasets/test_luma_noise.py',
]

sigma = 25
model = dict(backbone=dict(widths=[64] * 16))
