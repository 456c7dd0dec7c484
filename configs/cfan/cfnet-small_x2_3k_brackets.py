_base_ = './cfan-small_x2_3k_brackets.py'

model = dict(backbone=dict(projection=None, re_guide=3, gate=None))
