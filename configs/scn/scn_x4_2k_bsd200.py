_base_ = './scn_x2_2k_bsd200.py'

scale = 4
