_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/bsd200_luma_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='SCN'),
    losses=dict(mse=dict(type='MSELoss')),
)
train_cfg = dict(max_iters=2000, val_interval=500)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
