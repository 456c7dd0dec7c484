_base_ = './memnet_x2_300k_div2k.py'

scale = 4
