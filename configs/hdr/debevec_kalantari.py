# OpenCV's Debevec merge of the three frames, which takes the scene for one that stands still.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/kalantari.py']

model = dict(type='DebevecMerge')
