_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/rgb_sr.py',
    '../_base_/datasets/div2k_rgb_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
optim_wrapper = dict(optimizer=dict(lr=1e-4))
model = dict(
    data_preprocessor=dict(std=1.0),
    backbone=dict(type='SwinIR', num_feats=180, num_heads=[6] * 6, num_blocks=6, window=8),
)
