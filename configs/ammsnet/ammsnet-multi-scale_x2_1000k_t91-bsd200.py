# Table 1, third row: multi-scale fusion alone.
_base_ = './ammsnet_x2_1000k_t91-bsd200.py'

model = dict(backbone=dict(attentions=[]))
