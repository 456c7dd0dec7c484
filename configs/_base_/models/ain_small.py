# 0.2 M parameters, no normalisation: for a CPU.
_base_ = './ain.py'

model = dict(backbone=dict(num_feats=32, num_blocks=3, block=dict(norm_cfg=None)))
