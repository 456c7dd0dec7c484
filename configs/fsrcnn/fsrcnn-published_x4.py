_base_ = './fsrcnn-published_x2.py'

scale = 4
