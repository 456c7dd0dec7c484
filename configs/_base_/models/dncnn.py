# Batch norm is folded in published weights; the residual is subtracted.
model = dict(
    type='Restorer',
    data_preprocessor=dict(type='ImagePreprocessor', color='y'),
    backbone=dict(type='PlainNet', residual='subtract'),
)
