# Arch2: the inception modules without attention.
_base_ = './ain_jpeg-q10_300k_div2k.py'

model = dict(backbone=dict(block=dict(attention=False), long_skip_attention=False))
