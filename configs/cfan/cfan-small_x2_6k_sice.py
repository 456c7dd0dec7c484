# The packaged model cfan-x2: real scenes with real references.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/cfan_small.py',
    '../_base_/datasets/sice_fusion.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=200),
    dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7),
]
train_cfg = dict(max_iters=6000, val_interval=1000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1000))
