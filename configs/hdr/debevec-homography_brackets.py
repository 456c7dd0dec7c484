# OpenCV's merge of frames that a homography has laid over the middle one.
_base_ = './debevec-flow_brackets.py'

model = dict(align='homography')
