# U2Fusion trained without references, for a CPU. Its result is of any brightness: MEF-SSIM's
# luminance term tells it which, where its authors compare with the frames' intensities.
_base_ = [
    './u2fusion-published.py',
    '../_base_/datasets/sice_pairs_luma.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    losses=dict(
        mef=dict(
            type='MEFSSIMLoss',
            target='gt_frames',
            luminance=True,
            black=16 / 255,
            white=235 / 255,
        )
    ),
)
train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(type='Cache', transforms=[dict(type='LoadImages', color='y')]),
                dict(type='PairedRandomCrop', size=64),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    )
)
train_cfg = dict(max_iters=2000, val_interval=2000)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
