# What a user would do today: fuse the two small frames, then enlarge.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/brackets_fusion.py']

scale = 2
model = dict(
    type='Chain',
    steps=[
        dict(type='MertensFusion'),
        dict(type='Restorer', backbone=dict(type='Bicubic')),
    ],
)
