# Kept reduced in memory, as bsd200_luma_sr.py.
_base_ = ['./test_luma_sr.py', './photos.py']

train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(
                    type='Cache',
                    transforms=[dict(type='LoadImages', color='y'), dict(type='BicubicDownscale')],
                ),
                dict(type='PairedRandomCrop', gt_size=48),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    ),
)
