# Luma at any quality from 5 to 95. Each patch is compressed 7 pixels too large, so that the codec's
# grid lies anywhere in it. Tested at the four qualities of the papers' tables.
_base_ = ['./test_luma_jpeg.py', './photos.py']

data_root = '{{$RESTOREKIT_DATA:data}}'

train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(type='Cache', transforms=[dict(type='LoadImages', color='y')]),
                dict(type='PairedRandomCrop', size=55),
                dict(type='JPEGCompress', quality=(5, 95)),
                dict(type='PairedRandomCrop', size=48),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    ),
)
val_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(
                type='FolderDataset',
                name='Classic5',
                gt_dir=f'{data_root}/jpeg/Classic5',
                degradation=dict(quality=quality),
            )
            for quality in (10, 20, 30, 40)
        ]
    ),
)
test_dataloader = dict(
    dataset=dict(
        datasets=[
            dict(
                type='FolderDataset',
                name='Classic5',
                gt_dir=f'{data_root}/jpeg/Classic5',
                degradation=dict(quality=quality),
            )
            for quality in (10, 20, 30, 40, 90)
        ]
    ),
)
