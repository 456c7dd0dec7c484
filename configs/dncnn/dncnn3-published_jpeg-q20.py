_base_ = './dncnn3-published_jpeg-q10.py'

quality = 20
