_base_ = './swinir_x2_300k_div2k.py'

model = dict(backbone=dict(num_feats=60, num_heads=[6] * 4, num_tail_feats=None))
