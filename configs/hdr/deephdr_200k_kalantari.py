# Wu et al.; the published code's batch and optimizer.
_base_ = './kalantari_200k_kalantari.py'

model = dict(align='homography', restorer=dict(backbone=dict(type='DeepHDR')))
optim_wrapper = dict(optimizer=dict(lr=2e-4, betas=(0.5, 0.999)))
train_dataloader = dict(
    batch_size=16,
    dataset=dict(
        pipeline=[
            dict(
                type='Cache',
                transforms=[dict(type='LoadImages'), dict(type='AlignFrames', method='homography')],
                max_mib=8192,
            ),
            dict(type='PairedRandomCrop', size=256),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
