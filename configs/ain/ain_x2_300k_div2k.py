_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/ain.py',
    '../_base_/datasets/div2k_luma_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
