# Small enough to be kept decoded in memory.
_base_ = ['./test_luma_noise.py', './train_loader.py']

train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(
        type='FolderDataset',
        gt_dir='{{$RESTOREKIT_DATA:data}}/sr/BSD200',
        pipeline=[
            dict(type='Cache', transforms=[dict(type='LoadImages', color='y')]),
            dict(type='PairedRandomCrop', size=48),
            dict(type='RandomFlipRotate'),
            dict(type='GaussianNoise'),
            dict(type='PackInputs'),
        ],
    ),
)
