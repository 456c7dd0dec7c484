# For weights that `restorekit convert cfnet` has converted: BGR in [-1, 1], no first PReLU in
# the under-exposed branch.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/cfnet.py',
    '../_base_/datasets/sice.py',
]

scale = 2
model = dict(
    data_preprocessor=dict(color='bgr'),
    backbone=dict(under_first_act=False),
)
