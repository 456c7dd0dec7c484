# Moving scenes made from brackets and from panoramas of radiance, at several steps of exposure,
# many of them dark: configs/lffnet/README.md has the commands. Tested on scenes of both kinds.
_base_ = './brackets_hdr.py'

prepared = '{{$RESTOREKIT_PREPARED:data/prepared}}'

train_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='TrainSets',
        datasets=[
            dict(type='KalantariDataset', root=f'{prepared}/hdr_train/{name}', name=name)
            for name in ('brackets-2ev', 'brackets-3ev', 'maps-1ev', 'maps-2ev', 'maps-3ev')
        ],
        shared=dict(
            pipeline=[
                dict(type='Cache', transforms=[dict(type='LoadImages')], max_mib=6000),
                dict(type='PairedRandomCrop', size=64),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        ),
    )
)
val_dataloader = dict(dataset=dict(root=f'{prepared}/hdr_test/brackets'))
test_dataloader = dict(
    dataset=dict(
        _delete_=True,
        type='TestSets',
        datasets=[
            dict(type='KalantariDataset', root=f'{prepared}/hdr_test/{name}', name=name)
            for name in ('brackets', 'maps-2ev', 'maps-3ev')
        ],
        shared=dict(pipeline=[dict(type='LoadImages'), dict(type='PackInputs')], test_mode=True),
    )
)
