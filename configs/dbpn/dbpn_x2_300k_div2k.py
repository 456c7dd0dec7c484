_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/rgb_sr.py',
    '../_base_/datasets/div2k_rgb_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
optim_wrapper = dict(optimizer=dict(lr=1e-4))
model = dict(
    # In [0, 1], as its published code has it.
    data_preprocessor=dict(mean=0.0, std=1.0),
    backbone=dict(type='DBPN', num_feats=64, num_head_feats=256, num_stages=7),
)
