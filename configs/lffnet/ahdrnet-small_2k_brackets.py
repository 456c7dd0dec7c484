# For a CPU: half the features, patches of 64.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ahdrnet.py',
    '../_base_/datasets/brackets_hdr.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    backbone=dict(num_feats=32, fusion_block=dict(type='DRDB', growth=16), unused_convs=False)
)
train_cfg = dict(max_iters=2000, val_interval=250)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
