# The packaged model ammsnet-x4: goes on from the weights of x2, but for the second stage of the
# upsampler, which is new; patches of 72 in the result.
_base_ = './ammsnet-small_x2_16k_t91-bsd200-general100-clic2025.py'

scale = 4
load_from = 'ammsnet-x2'
train_dataloader = dict(
    dataset=dict(
        shared=dict(
            pipeline=[
                dict(
                    type='Cache',
                    transforms=[
                        dict(type='LoadImages', color='rgb'),
                        dict(type='BicubicDownscale', rounded=True),
                    ],
                ),
                dict(type='PairedRandomCrop', gt_size=72),
                dict(type='RandomFlipRotate'),
                dict(type='PackInputs'),
            ]
        )
    )
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_iters=5000, val_interval=1000)
