_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/cfan_small.py',
    '../_base_/datasets/brackets_fusion.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
train_cfg = dict(max_iters=3000, val_interval=1000)
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
