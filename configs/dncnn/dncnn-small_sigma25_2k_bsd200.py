_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/dncnn.py',
    '../_base_/datasets/bsd200_luma_noise.py',
    '../_base_/schedules/adam_cosine.py',
]

sigma = 25
model = dict(backbone=dict(widths=[32] * 7), losses=dict(l1=dict(type='L1Loss')))
train_cfg = dict(max_iters=2000, val_interval=500)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
