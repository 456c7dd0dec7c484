# DIV2K's training images, cut into tiles by `restorekit prepare tiles`. Each patch is
# compressed 7 pixels too large, so that the codec's grid lies anywhere in it.
_base_ = ['./test_luma_jpeg.py', './train_loader.py']

train_dataloader = dict(
    dataset=dict(
        type='FolderDataset',
        gt_dir='{{$RESTOREKIT_DATA:data}}/DIV2K/DIV2K_train_HR_tiles',
        pipeline=[
            dict(type='LoadImages', color='y'),
            dict(type='PairedRandomCrop', size=71),
            dict(type='JPEGCompress'),
            dict(type='PairedRandomCrop', size=64),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
