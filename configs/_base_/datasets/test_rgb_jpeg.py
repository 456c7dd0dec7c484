# Test sets of JPEG artifact removal in colour: OpenCV's encoder, chroma 4:2:0, several qualities.
_base_ = './test_loaders.py'

data_root = '{{$RESTOREKIT_DATA:data}}'

sets = dict(
    pipeline=[dict(type='LoadImages'), dict(type='JPEGCompress'), dict(type='PackInputs')],
    test_mode=True,
)
val_dataloader = dict(
    dataset=dict(
        type='TestSets',
        datasets=[
            dict(
                type='FolderDataset',
                name='Set5',
                gt_dir=f'{data_root}/sr/Set5/HR',
                degradation=dict(quality=quality),
            )
            for quality in (10, 40, 90)
        ],
        shared=sets,
    ),
)
test_dataloader = dict(
    dataset=dict(
        type='TestSets',
        datasets=[
            dict(
                type='FolderDataset',
                name='BSD100',
                gt_dir=f'{data_root}/sr/BSD100/HR',
                degradation=dict(quality=quality),
            )
            for quality in (10, 20, 30, 40, 90)
        ],
        shared=sets,
    ),
)
val_evaluator = [
    dict(type='PSNR', rounded=True, baseline=True),
    dict(type='SSIM', rounded=True, baseline=True),
]
test_evaluator = val_evaluator
