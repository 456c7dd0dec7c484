#!/usr/bin/env bash
# Usage: tools/dist_test.sh CONFIG CHECKPOINT GPUS [options of test.py]
# Several nodes: set NNODES, NODE_RANK, MASTER_ADDR and PORT, and start it on each.
set -euo pipefail
if [ $# -lt 3 ]; then sed -n '2,3s/^# //p' "$0" >&2; exit 2; fi
if [ "${NNODES:-1}" = 1 ]; then
    meet=(--standalone)
else
    meet=(--nnodes="$NNODES" --node_rank="${NODE_RANK:?is not set}"
        --master_addr="${MASTER_ADDR:?is not set}" --master_port="${PORT:-29500}")
fi
exec python -m torch.distributed.run "${meet[@]}" --nproc_per_node="$3" \
    "$(dirname "$0")/test.py" "$1" "$2" --launcher pytorch "${@:4}"
