# The mean of the two small frames, enlarged.
_base_ = './mertens-bicubic_x2_brackets.py'

model = dict(
    steps=[
        dict(type='AverageFusion'),
        dict(type='Restorer', backbone=dict(type='Bicubic')),
    ],
)
