# CFAN: projections of 3 x 3 at x2, channel gates with memory, no re-guidance.
_base_ = './cfnet.py'

model = dict(
    backbone=dict(projection=(3, 1, 1), re_guide=None, gate=dict(reduction=16)),
)
