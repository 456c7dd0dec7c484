_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/rgb_sr.py',
    '../_base_/datasets/div2k_rgb_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
optim_wrapper = dict(optimizer=dict(lr=1e-4))
model = dict(
    backbone=dict(
        type='SAN',
        num_feats=64,
        num_groups=20,
        group=dict(type='ResidualGroup', num_blocks=10, attention=dict(type='SOCA', reduction=16)),
        non_local=dict(type='NonLocal', reduction=8, regions=2),
    ),
)
