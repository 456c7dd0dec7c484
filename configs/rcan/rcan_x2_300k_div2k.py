_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/rgb_sr.py',
    '../_base_/datasets/div2k_rgb_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
optim_wrapper = dict(optimizer=dict(lr=1e-4))
block = dict(type='ResidualBlock', attention=dict(type='ChannelAttention', reduction=16))
model = dict(
    backbone=dict(
        type='ResidualNet',
        num_feats=64,
        num_blocks=10,
        block=dict(type='ResidualGroup', num_blocks=20, block=block),
    ),
)
