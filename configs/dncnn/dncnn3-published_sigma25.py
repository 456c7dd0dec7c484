_base_ = './dncnn-published_sigma25.py'

model = dict(backbone=dict(widths=[64] * 19))
