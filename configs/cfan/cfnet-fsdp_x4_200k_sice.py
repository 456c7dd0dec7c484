# The largest network here, for GPUs that it outgrows.
_base_ = ['./cfnet_x4_200k_sice.py', '../_base_/fsdp.py']
