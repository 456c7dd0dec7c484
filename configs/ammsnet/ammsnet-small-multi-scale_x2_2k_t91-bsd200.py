# Table 1, third row: multi-scale fusion alone.
_base_ = './ammsnet-small_x2_2k_t91-bsd200.py'

model = dict(backbone=dict(attentions=[]))
