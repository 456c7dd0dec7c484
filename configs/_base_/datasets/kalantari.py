# Kalantari and Ramamoorthi's moving scenes: 74 for training, 15 for test, as published.
_base_ = ['./train_loader.py', './test_loaders.py']

data_root = '{{$RESTOREKIT_DATA:data}}/hdr/kalantari'

train_dataloader = dict(
    batch_size=8,
    dataset=dict(
        type='KalantariDataset',
        root=f'{data_root}/Training',
        name='Kalantari',
        pipeline=[
            dict(type='Cache', transforms=[dict(type='LoadImages')], max_mib=2048),
            dict(type='PairedRandomCrop', size=256),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='KalantariDataset',
        root=f'{data_root}/Test',
        name='Kalantari',
        pipeline=[dict(type='LoadImages'), dict(type='PackInputs')],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='PSNRMu', baseline=True),
    dict(type='PSNRL', baseline=True),
    dict(type='SSIMMu', baseline=True),
]
test_evaluator = val_evaluator
