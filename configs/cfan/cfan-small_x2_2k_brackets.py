# For a CPU: 24 features, 3 groups, patches of 32 in the input.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/cfan.py',
    '../_base_/datasets/brackets_fusion.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(backbone=dict(num_feats=24, num_groups=3, gate=dict(reduction=4)))
train_cfg = dict(max_iters=2000, val_interval=500)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
