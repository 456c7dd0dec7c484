# The images are read once and kept on the device, rounded luma in 8 bits.
_base_ = './ain-small_x2_2k_bsd200.py'

train_dataloader = dict(
    on_device=True,
    dataset=dict(
        pipeline=[
            dict(type='LoadImages', color='y', rounded=True),
            dict(type='BicubicDownscale'),
            dict(type='PairedRandomCrop', size=24),
            dict(type='RandomFlipRotate'),
            dict(type='PackInputs'),
        ],
    ),
)
