# DIV2K's training images, cut into tiles by `restorekit prepare tiles`. The network
# works at the size of its output; patches of 32 are 64 at x2, 96 at x3, 128 at x4.
_base_ = ['./test_luma_sr.py', './train_loader.py']

train_dataloader = dict(
    dataset=dict(
        type='FolderDataset',
        gt_dir='{{$RESTOREKIT_DATA:data}}/DIV2K/DIV2K_train_HR_tiles',
        pipeline=[
            dict(type='LoadImages', color='y'),
            dict(type='BicubicDownscale'),
            dict(type='PairedRandomCrop', size=32),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
