# Table 2's ablation: RFFT blocks without DO-Conv.
_base_ = './ahdrnet_200k_kalantari.py'

model = dict(backbone=dict(fusion_block=dict(type='RFFTBlock')))
