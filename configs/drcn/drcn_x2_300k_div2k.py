# The paper's loss with both parts of equal weight, where it lessens that of the steps on the way.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/div2k_luma_sr.py',
    '../_base_/schedules/adam_constant.py',
]

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='DRCN'),
    losses=dict(
        mse=dict(type='MSELoss', weight=0.5),
        steps=dict(type='MSELoss', pred='steps', weight=0.5 / 16),
    ),
)
train_cfg = dict(max_iters=300_000)
