_base_ = './cfan-small_x2_3k_brackets.py'

scale = 4
model = dict(backbone=dict(projection=(8, 2, 0)))
