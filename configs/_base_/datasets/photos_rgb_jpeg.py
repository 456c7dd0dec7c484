# Colour at any quality from 5 to 95 and both usual samplings of the chroma. Macroblocks of 4:2:0
# are 16 pixels wide, so each patch is compressed 15 pixels too large.
_base_ = ['./test_rgb_jpeg.py', './photos.py']

train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(type='Cache', transforms=[dict(type='LoadImages')]),
                dict(type='PairedRandomCrop', size=63),
                dict(type='JPEGCompress', quality=(5, 95), sampling=('4:2:0', '4:4:4')),
                dict(type='PairedRandomCrop', size=48),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    ),
)
