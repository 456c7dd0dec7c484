_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/dncnn.py',
    '../_base_/datasets/test_luma_sr.py',
]

scale = 2
model = dict(backbone=dict(widths=[64] * 19))
