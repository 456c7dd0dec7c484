# For weights that `restorekit convert ifcnn` has converted: IFCNN-MAX.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/test_fusion.py']

model = dict(
    type='Restorer',
    data_preprocessor=dict(
        type='ImagePreprocessor', mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225)
    ),
    backbone=dict(type='IFCNN', merge='max'),
)
