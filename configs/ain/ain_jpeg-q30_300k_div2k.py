_base_ = './ain_jpeg-q10_300k_div2k.py'

quality = 30
