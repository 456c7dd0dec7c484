# The packaged model ain-jpeg-color: JPEG artifacts of any quality. Goes on from the weights of
# super-resolution, all but the first and the last layer.

_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ain_small.py',
    '../_base_/datasets/photos_rgb_jpeg.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    data_preprocessor=dict(color='rgb'),
    backbone=dict(in_channels=3),
)
train_dataloader = dict(batch_size=8)
train_cfg = dict(max_iters=6000, val_interval=1000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=500))
