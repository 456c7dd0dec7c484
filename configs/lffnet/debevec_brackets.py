# OpenCV's Debevec merge of the three frames, which takes the scene for one that stands still.
_base_ = './reference-frame_brackets.py'

model = dict(type='DebevecMerge')
