_base_ = './dncnn3-published_x2.py'

scale = 3
