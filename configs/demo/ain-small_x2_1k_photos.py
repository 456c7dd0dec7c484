# Two minutes on two cores: super-resolution on the photographs that come with scikit-image.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ain_small.py',
    '../_base_/datasets/train_loader.py',
    '../_base_/datasets/test_loaders.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        type='SamplePhotos',
        split='train',
        pipeline=[
            dict(
                type='Cache',
                transforms=[dict(type='LoadImages', color='y'), dict(type='BicubicDownscale')],
            ),
            dict(type='PairedRandomCrop', size=24),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='SamplePhotos',
        split='val',
        pipeline=[
            dict(type='LoadImages', color='y', rounded=True),
            dict(type='BicubicDownscale'),
            dict(type='PackInputs'),
        ],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [
    dict(type='PSNR', crop_border='scale', rounded=True, baseline=True),
    dict(type='SSIM', crop_border='scale', rounded=True, baseline=True),
]
test_evaluator = val_evaluator

train_cfg = dict(max_iters=1000, val_interval=500)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
