_base_ = './lapsrn-published_x4.py'

scale = 2
