# The packaged model lffnet: keeps what the middle frame shows, and transforms windows of the size
# of its patches, so that whole photographs are treated as it was trained.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ahdrnet.py',
    '../_base_/datasets/brackets_maps_hdr.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    backbone=dict(
        num_feats=32,
        fusion_block=dict(
            _delete_=True, type='RFFTBlock', conv_cfg=dict(type='DOConv2d'), window=64
        ),
        unused_convs=False,
        skip=True,
    )
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=300),
    dict(type='CosineAnnealingLR', by_epoch=False, eta_min=1e-7),
]
train_cfg = dict(max_iters=9000, val_interval=1000)
default_hooks = dict(logger=dict(interval=100), checkpoint=dict(interval=1000))
