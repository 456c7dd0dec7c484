_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ammsnet.py',
    '../_base_/datasets/t91_bsd200_rgb_sr.py',
    '../_base_/schedules/adam_halving.py',
]

scale = 2
