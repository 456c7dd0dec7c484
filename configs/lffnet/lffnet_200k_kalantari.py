_base_ = './ahdrnet_200k_kalantari.py'

model = dict(backbone=dict(fusion_block=dict(type='RFFTBlock', conv_cfg=dict(type='DOConv2d'))))
