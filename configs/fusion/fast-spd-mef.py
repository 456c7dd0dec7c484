# No network.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_fusion.py']

model = dict(type='FastSPDMEF')
