_base_ = './ahdrnet-small_2k_brackets.py'

model = dict(backbone=dict(fusion_block=dict(_delete_=True, type='RFFTBlock')))
