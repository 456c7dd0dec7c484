_base_ = './ain_jpeg-q10_300k_div2k.py'

model = dict(backbone=dict(num_blocks=2))
