# A 3 x 3 kernel at stride 4 would skip pixels.
_base_ = './cfan_x2_200k_sice.py'

scale = 4
model = dict(backbone=dict(projection=(8, 2, 0)))
