_base_ = './drcn_x2_300k_div2k.py'

scale = 4
