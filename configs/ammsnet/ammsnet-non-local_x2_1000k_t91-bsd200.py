# Table 1, first row: non-local attention alone.
_base_ = './ammsnet_x2_1000k_t91-bsd200.py'

model = dict(backbone=dict(multi_scale=None, attentions=[dict(type='NonLocal')]))
