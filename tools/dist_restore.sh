#!/usr/bin/env bash
# Usage: tools/dist_restore.sh GPUS IMAGE... -o OUT [options of restore.py]
# Each process takes its share of the images, on a GPU of its own. On several nodes, under Slurm:
#     srun --ntasks-per-node=8 --gpus-per-task=1 restorekit restore IMAGE... -o OUT
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
exec python -m torch.distributed.run --standalone --nproc_per_node="$1" "$(dirname "$0")/restore.py" "${@:2}"
