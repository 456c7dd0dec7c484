_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ahdrnet.py',
    '../_base_/datasets/kalantari.py',
    '../_base_/schedules/adam_constant.py',
]
