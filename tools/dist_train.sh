#!/usr/bin/env bash
# Usage: tools/dist_train.sh CONFIG GPUS [options of train.py]
# Several nodes: set NNODES, MASTER_ADDR and PORT, and start it on each.
# A rank that dies is started again, with all others, from the last checkpoint, MAX_RESTARTS times (3).
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
python -m torch.distributed.run --nnodes="${NNODES:-1}" --nproc_per_node="$2" \
    --max_restarts="${MAX_RESTARTS:-3}" --rdzv_backend=c10d --rdzv_id="${RDZV_ID:-restorekit}" \
    --rdzv_endpoint="${MASTER_ADDR:-127.0.0.1}:${PORT:-29500}" \
    "$(dirname "$0")/train.py" "$1" --launcher pytorch "${@:3}"
