_base_ = './ammsnet_x2_1000k_t91-bsd200.py'

scale = 3
