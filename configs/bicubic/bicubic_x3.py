_base_ = './bicubic_x2.py'

scale = 3
