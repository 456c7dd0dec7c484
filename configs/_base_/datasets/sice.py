# SICE, prepared by `restorekit prepare pairs`; patches of 64 in the input.
_base_ = ['./train_loader.py', './test_loaders.py']

data_root = '{{$RESTOREKIT_DATA:data}}/mef/SICE'

train_dataloader = dict(
    batch_size=4,
    dataset=dict(
        type='ExposurePairDataset',
        root=f'{data_root}/train',
        name='SICE',
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
    dataset=dict(
        type='ExposurePairDataset',
        root=f'{data_root}/test',
        name='SICE',
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
