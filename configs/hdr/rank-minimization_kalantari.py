# Oh et al.; no network.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/kalantari.py']

model = dict(type='RankMinimization', align='homography')
