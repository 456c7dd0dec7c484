# The packaged model ammsnet-x2: narrower and shallower than the paper's, patches of 64 in the
# result.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ammsnet.py',
    '../_base_/datasets/photos_rgb_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
model = dict(backbone=dict(num_feats=32, num_units=4, unit_block=dict(type='ResidualBlock')))
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=300),
    dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7),
]
train_cfg = dict(max_iters=16_000, val_interval=1000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1000))
