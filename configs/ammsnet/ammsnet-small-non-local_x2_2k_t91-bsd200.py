# Table 1, first row: non-local attention alone.
_base_ = './ammsnet-small_x2_2k_t91-bsd200.py'

model = dict(backbone=dict(multi_scale=None, attentions=[dict(type='NonLocal')]))
