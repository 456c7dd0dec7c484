# T91 and BSD200, patches of 192 in the ground truth. 51 of T91's images are smaller and left out.
_base_ = ['./test_rgb_sr.py', './train_loader.py']

pipeline = [
    dict(
        type='Cache',
        transforms=[
            dict(type='LoadImages', color='rgb'),
            dict(type='BicubicDownscale', rounded=True),
        ],
    ),
    dict(type='PairedRandomCrop', gt_size=192),
    dict(type='RandomFlipRotate'),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    dataset=dict(
        type='TrainSets',
        datasets=[
            dict(
                type='FolderDataset',
                gt_dir='{{$RESTOREKIT_DATA:data}}/sr/T91',
                min_size=192,
            ),
            dict(type='FolderDataset', gt_dir='{{$RESTOREKIT_DATA:data}}/sr/BSD200'),
        ],
        shared=dict(pipeline=pipeline),
    ),
)
