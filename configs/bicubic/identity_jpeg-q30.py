_base_ = './identity_jpeg-q10.py'

quality = 30
