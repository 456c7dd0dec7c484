_base_ = './ain-small_x2_2k_bsd200.py'

scale = 4
