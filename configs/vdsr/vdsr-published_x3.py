_base_ = './vdsr-published_x2.py'

scale = 3
