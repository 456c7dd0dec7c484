# Exposure fusion at full size: 24 real pairs without a reference, compared with their frames.
_base_ = './test_loaders.py'

val_dataloader = dict(
    dataset=dict(
        type='BracketDataset',
        root='{{$RESTOREKIT_DATA:data}}/mef/pairs',
        name='MEF-pairs',
        need_exposures=False,
        pipeline=[dict(type='LoadImages'), dict(type='PackInputs')],
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
val_evaluator = [dict(type='MEFSSIM', rounded=True)]
test_evaluator = val_evaluator
