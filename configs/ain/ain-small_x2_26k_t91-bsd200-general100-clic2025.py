# The packaged model ain-x2: 16 patches of 48 in the result, one cosine with a short warm-up.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ain_small.py',
    '../_base_/datasets/photos_luma_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
model = dict(backbone=dict(block=dict(window=72)))
optim_wrapper = dict(optimizer=dict(lr=1.5e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=200),
    dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7),
]
train_cfg = dict(max_iters=26_000, val_interval=2000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1000))
