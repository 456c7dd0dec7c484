# Test sets of super-resolution on BT.601 luma in 8 bits; the input is made from it and stays
# unrounded.
_base_ = './test_loaders.py'

data_root = '{{$RESTOREKIT_DATA:data}}'

sets = dict(
    pipeline=[
        dict(type='LoadImages', color='y', rounded=True),
        dict(type='BicubicDownscale'),
        dict(type='PackInputs'),
    ],
    test_mode=True,
)
val_dataloader = dict(
    dataset=dict(
        type='TestSets',
        datasets=[dict(type='FolderDataset', name='Set5', gt_dir=f'{data_root}/sr/Set5/HR')],
        shared=sets,
    ),
)
test_dataloader = dict(
    dataset=dict(
        type='TestSets',
        datasets=[
            dict(type='FolderDataset', name='Set5', gt_dir=f'{data_root}/sr/Set5/HR'),
            dict(type='FolderDataset', name='Set14', gt_dir=f'{data_root}/sr/Set14/HR'),
            dict(type='FolderDataset', name='BSD100', gt_dir=f'{data_root}/sr/BSD100/HR'),
        ],
        shared=sets,
    ),
)
val_evaluator = [
    dict(type='PSNR', crop_border='scale', rounded=True, baseline=True),
    dict(type='SSIM', crop_border='scale', rounded=True, baseline=True),
]
test_evaluator = val_evaluator
