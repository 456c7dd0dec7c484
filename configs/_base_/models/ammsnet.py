model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='rgb'),
    backbone=dict(
        type='AMMSNet',
        num_feats=64,
        num_units=10,
        multi_scale=dict(type='MSFF'),
        attentions=[dict(type='NonLocal'), dict(type='SOCA')],
    ),
    losses=dict(l1=dict(type='L1Loss')),
)
