# For a CPU: fewer and narrower units, each behind a residual block, smaller patches.
_base_ = './ammsnet_x2_1000k_t91-bsd200.py'

model = dict(
    backbone=dict(
        num_feats=32,
        num_units=4,
        unit_block=dict(type='ResidualBlock'),
    )
)
pipeline = [
    dict(
        type='Cache',
        transforms=[
            dict(type='LoadImages', color='rgb'),
            dict(type='BicubicDownscale', rounded=True),
        ],
    ),
    dict(type='PairedRandomCrop', gt_size=96),
    dict(type='RandomFlipRotate'),
    dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=8,
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    dataset=dict(shared=dict(pipeline=pipeline)),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7)
train_cfg = dict(max_iters=2000, val_interval=500)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
