# DIV2K's training images, cut into tiles by `restorekit prepare tiles`; patches of 48 in the input.
_base_ = ['./test_rgb_sr.py', './train_loader.py']

train_dataloader = dict(
    dataset=dict(
        type='FolderDataset',
        gt_dir='{{$RESTOREKIT_DATA:data}}/DIV2K/DIV2K_train_HR_tiles',
        pipeline=[
            dict(type='LoadImages', color='rgb'),
            dict(type='BicubicDownscale', rounded=True),
            dict(type='PairedRandomCrop', size=48),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
