# The paper's loss, patches and batch; its 2,000,000 steps are more than its networks need.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/kalantari.py',
    '../_base_/schedules/adam_constant.py',
]

model = dict(
    type='AlignedRestorer',
    align='flow',
    restorer=dict(
        type='Restorer',
        data_preprocessor=dict(type='ExposurePreprocessor', gamma=2.2),
        backbone=dict(type='KalantariNet'),
        losses=dict(mse=dict(type='TonemappedLoss', loss=dict(type='MSELoss'))),
    ),
)
train_dataloader = dict(
    batch_size=20,
    dataset=dict(
        pipeline=[
            dict(
                type='Cache',
                transforms=[dict(type='LoadImages'), dict(type='AlignFrames', method='flow')],
                max_mib=8192,
            ),
            dict(type='PairedRandomCrop', size=40),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
