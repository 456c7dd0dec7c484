# MEF-Net trained without references, for a CPU: pairs, patches of 128 of which it sees 64.
_base_ = [
    './mefnet-published.py',
    '../_base_/datasets/sice_pairs_luma.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    backbone=dict(short_side=64),
    losses=dict(mef=dict(type='MEFSSIMLoss', target='gt_frames', black=16 / 255, white=235 / 255)),
)
train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(type='Cache', transforms=[dict(type='LoadImages', color='y')]),
                dict(type='PairedRandomCrop', size=128),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    )
)
train_cfg = dict(max_iters=1000, val_interval=1000)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=250))
