# Luma of four pairs of each SICE scene, at full size, for losses that take no reference; in the
# folder that RESTOREKIT_PREPARED holds (configs/cfan/README.md).
_base_ = './train_loader.py'

prepared = '{{$RESTOREKIT_PREPARED:data/prepared}}/SICE'

train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(
        type='TrainSets',
        datasets=[
            dict(
                type='SICEDataset',
                root=f'{prepared}/train',
                pair=pair,
            )
            for pair in ((0, -1), (0, -2), (1, -1), (1, -2))
        ],
        shared=dict(
            pipeline=[
                dict(type='Cache', transforms=[dict(type='LoadImages', color='y')]),
                dict(type='PairedRandomCrop', size=64),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        ),
    ),
)
