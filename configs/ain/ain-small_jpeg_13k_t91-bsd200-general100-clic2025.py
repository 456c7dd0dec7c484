# The packaged model ain-jpeg: luma of any quality, from the weights of super-resolution.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ain_small.py',
    '../_base_/datasets/photos_luma_jpeg.py',
    '../_base_/schedules/adam_cosine.py',
]

load_from = 'ain-x2'
model = dict(backbone=dict(block=dict(window=72)))
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=300),
    dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7),
]
train_cfg = dict(max_iters=13_000, val_interval=1000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1000))
