# Test sets of denoising on luma; the noise of every image is that of seed 0.
_base_ = './test_loaders.py'

data_root = '{{$RESTOREKIT_DATA:data}}'

sets = dict(
    pipeline=[
        dict(type='LoadImages', color='y', rounded=True),
        dict(type='GaussianNoise', seed=0),
        dict(type='PackInputs'),
    ],
    test_mode=True,
)
val_dataloader = dict(
    dataset=dict(
        type='TestSets',
        datasets=[dict(type='FolderDataset', name='Classic5', gt_dir=f'{data_root}/jpeg/Classic5')],
        shared=sets,
    ),
)
test_dataloader = dict(
    dataset=dict(
        type='TestSets',
        datasets=[
            dict(type='FolderDataset', name='Classic5', gt_dir=f'{data_root}/jpeg/Classic5'),
            dict(type='FolderDataset', name='BSD100', gt_dir=f'{data_root}/sr/BSD100/HR'),
        ],
        shared=sets,
    ),
)
val_evaluator = [
    dict(type='PSNR', rounded=True, baseline=True),
    dict(type='SSIM', rounded=True, baseline=True),
]
test_evaluator = val_evaluator
