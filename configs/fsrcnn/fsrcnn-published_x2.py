# For weights that `restorekit convert fsrcnn` has converted: three channels of full-range YCbCr,
# one PReLU behind the last mapping.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_rgb_sr.py']

scale = 2
model = dict(
    type='Restorer',
    data_preprocessor=dict(
        type='ImagePreprocessor',
        color='ycbcr',  # of BT.601's range; mean and std make it JPEG's
        mean=[16 / 255, 128 * 31 / 255**2, 128 * 31 / 255**2],
        std=[219 / 255, 224 / 255, 224 / 255],
    ),
    backbone=dict(type='FSRCNN', in_channels=3, act_each_mapping=False),
)
