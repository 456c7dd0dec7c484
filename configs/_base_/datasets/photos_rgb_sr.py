# RGB, rounded to 8 bits after the reduction, as the published sets are. Kept reduced in memory.
_base_ = ['./test_rgb_sr.py', './photos.py']

train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(
                    type='Cache',
                    transforms=[
                        dict(type='LoadImages', color='rgb'),
                        dict(type='BicubicDownscale', rounded=True),
                    ],
                ),
                dict(type='PairedRandomCrop', gt_size=64),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    ),
)
