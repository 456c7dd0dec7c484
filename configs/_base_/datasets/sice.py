# SICE, prepared by tools/dataset_converters/exposure_pairs.py; patches of 64 in the input.
data_root = '{{$RESTOREKIT_DATA:data}}/mef/SICE'

train_dataloader = dict(
    batch_size=4,
    num_workers=4,
    persistent_workers=True,
    pin_memory=True,
    sampler=dict(type='ResumableSampler'),
    dataset=dict(
        type='ExposurePairDataset',
        root=f'{data_root}/train',
        name='SICE',
        degradation=dict(scale=2),
        pipeline=[
            dict(
                type='Cache',
                transforms=[
                    dict(type='LoadImages'),
                    dict(type='BicubicDownscale', rounded=True),
                ],
            ),
            dict(type='PairedRandomCrop', size=64),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='ExposurePairDataset',
        root=f'{data_root}/test',
        name='SICE',
        degradation=dict(scale=2),
        pipeline=[
            dict(type='LoadImages'),
            dict(type='BicubicDownscale', rounded=True),
            dict(type='PackInputs'),
        ],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='PSNR', rounded=True),
    dict(type='SSIM', rounded=True),
    dict(type='MEFSSIM', rounded=True),
]
test_evaluator = val_evaluator
