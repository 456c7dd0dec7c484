_base_ = './cfnet-published_x2.py'

scale = 4
