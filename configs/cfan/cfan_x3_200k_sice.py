_base_ = './cfan_x2_200k_sice.py'

scale = 3
model = dict(backbone=dict(projection=(7, 2, 0)))
