# 24 real pairs without a reference: halved by MATLAB's bicubic, fused, compared with the frames.
test_dataloader = dict(
    batch_size=1,
    num_workers=0,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='BracketDataset',
        root='{{$RESTOREKIT_DATA:data}}/mef/pairs',
        name='MEF-pairs',
        reduce=True,
        need_exposures=False,
        degradation=dict(scale=2),
        pipeline=[
            dict(type='LoadBracket'),
            dict(type='BicubicDownscale', rounded=True),
            dict(type='PackInputs'),
        ],
        test_mode=True,
    ),
)
test_evaluator = [dict(type='MEFSSIM', rounded=True)]
