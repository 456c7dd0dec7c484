_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/cfnet.py',
    '../_base_/datasets/sice.py',
    '../_base_/schedules/adam_constant.py',
]

scale = 2
