# SICE as published, in two folders that RESTOREKIT_PREPARED holds: configs/cfan/README.md says
# which scenes are for test. Trained on four pairs of each scene, tested on its extremes.
_base_ = './sice.py'

prepared = '{{$RESTOREKIT_PREPARED:data/prepared}}/SICE'

train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(
        _delete_=True,
        type='TrainSets',
        datasets=[
            dict(type='SICEDataset', root=f'{prepared}/train', pair=pair)
            for pair in ((0, -1), (0, -2), (1, -1), (1, -2))
        ],
        shared=dict(
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
            ]
        ),
    ),
)
val_dataloader = dict(dataset=dict(type='SICEDataset', root=f'{prepared}/test'))
test_dataloader = dict(dataset=dict(type='SICEDataset', root=f'{prepared}/test'))
