# OpenCV's merge of frames that optical flow has laid over the middle one.
_base_ = './rank-minimization_brackets.py'

model = dict(_delete_=True, type='DebevecMerge', align='flow')
