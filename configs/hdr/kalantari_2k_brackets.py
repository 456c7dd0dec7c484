# For a CPU: the paper's network, on real brackets with simulated motion.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/brackets_hdr.py',
    '../_base_/schedules/adam_cosine.py',
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
    dataset=dict(
        pipeline=[
            dict(
                type='Cache',
                transforms=[dict(type='LoadImages'), dict(type='AlignFrames', method='flow')],
            ),
            dict(type='PairedRandomCrop', size=40),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
train_cfg = dict(max_iters=2000, val_interval=500)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
