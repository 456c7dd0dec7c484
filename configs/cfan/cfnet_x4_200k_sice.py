_base_ = './cfnet_x2_200k_sice.py'

scale = 4
