# The packaged model ain-jpeg-color: JPEG artifacts of any quality. From scratch: behind a new first
# layer the ReLUs of the weights of super-resolution die.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ain_small.py',
    '../_base_/datasets/photos_rgb_jpeg.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    data_preprocessor=dict(color='rgb'),
    backbone=dict(in_channels=3, block=dict(window=72)),
)
train_dataloader = dict(batch_size=8)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=300),
    dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7),
]
train_cfg = dict(max_iters=9000, val_interval=1000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1000))
