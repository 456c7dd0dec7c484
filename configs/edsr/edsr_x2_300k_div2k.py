_base_ = './edsr-baseline_x2_300k_div2k.py'

model = dict(backbone=dict(num_feats=256, num_blocks=32, block=dict(res_scale=0.1)))
