# The middle frame alone, as linear radiance.
_base_ = ['../_base_/default_runtime.py', '../_base_/datasets/brackets_hdr.py']

model = dict(type='ReferenceFrame')
