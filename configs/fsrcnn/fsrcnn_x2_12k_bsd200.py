_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/bsd200_luma_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='FSRCNN'),
    losses=dict(l1=dict(type='L1Loss')),
)
train_cfg = dict(max_iters=12_000, val_interval=2000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=2000))
