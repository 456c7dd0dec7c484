_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/datasets/div2k_luma_sr.py',
    '../_base_/schedules/adam_cosine.py',
]

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='MemNet', num_feats=64, num_blocks=6, num_recursions=6),
    losses=dict(l1=dict(type='L1Loss')),
)
