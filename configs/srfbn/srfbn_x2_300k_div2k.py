_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/rgb_sr.py',
    '../_base_/datasets/div2k_rgb_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
optim_wrapper = dict(optimizer=dict(lr=1e-4))
model = dict(
    backbone=dict(type='SRFBN', num_feats=64, num_groups=6, num_steps=4),
    losses=dict(l1=dict(pred='steps')),
)
