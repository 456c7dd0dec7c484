_base_ = './ain-small_jpeg-q10_2k_bsd200.py'

quality = 40
