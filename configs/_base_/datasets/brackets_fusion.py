# Pairs that `restorekit prepare pairs` has made from real brackets, in the folder
# that RESTOREKIT_PREPARED names; the reference is Mertens' fusion of all five frames. Tested on 24
# real pairs without a reference too, which are halved, fused, and compared with their frames.
_base_ = './sice.py'

prepared = '{{$RESTOREKIT_PREPARED:data/prepared}}/brackets_fusion'

train_dataloader = dict(
    batch_size=2,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(
        root=f'{prepared}/train',
        name='brackets',
        pipeline=[
            dict(
                type='Cache',
                transforms=[
                    dict(type='LoadImages'),
                    dict(type='BicubicDownscale', rounded=True),
                ],
            ),
            dict(type='PairedRandomCrop', size=56),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(dataset=dict(root=f'{prepared}/test', name='brackets'))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='TestSets',
        datasets=[
            dict(type='ExposurePairDataset', root=f'{prepared}/test', name='brackets'),
            dict(
                type='BracketDataset',
                root='{{$RESTOREKIT_DATA:data}}/mef/pairs',
                name='MEF-pairs',
                reduce=True,
                need_exposures=False,
            ),
        ],
        shared=dict(
            pipeline=[
                dict(type='LoadImages'),
                dict(type='BicubicDownscale', rounded=True),
                dict(type='PackInputs'),
            ],
            test_mode=True,
        ),
    )
)
