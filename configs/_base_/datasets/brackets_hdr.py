# Real brackets that `restorekit prepare brackets` has turned into moving
# scenes, in the folder that RESTOREKIT_PREPARED names.
_base_ = './kalantari.py'

prepared = '{{$RESTOREKIT_PREPARED:data/prepared}}/brackets_hdr'

train_dataloader = dict(
    batch_size=4,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(
        root=f'{prepared}/train',
        name='brackets',
        pipeline=[
            dict(type='Cache', transforms=[dict(type='LoadImages')]),
            dict(type='PairedRandomCrop', size=64),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(dataset=dict(root=f'{prepared}/test', name='brackets'))
test_dataloader = dict(dataset=dict(root=f'{prepared}/test', name='brackets'))
