_base_ = './imdn-published_x2.py'

scale = 4
