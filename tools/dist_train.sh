#!/usr/bin/env bash
# Usage: tools/dist_train.sh CONFIG GPUS [options of train.py]
# Several nodes: set NNODES, MASTER_ADDR and PORT, and start it on each.
# A rank that dies is started again, with all others, from the last checkpoint, MAX_RESTARTS times (3).
# SIGUSR1 is passed on: the run finishes its step and writes a checkpoint, for which it has GRACE seconds (120).
set -euo pipefail
if [ $# -lt 2 ]; then sed -n '2,5s/^# //p' "$0" >&2; exit 2; fi
if [ "${NNODES:-1}" = 1 ]; then
    meet=(--standalone)
else
    meet=(--nnodes="$NNODES" --rdzv_backend=c10d --rdzv_id="${RDZV_ID:-restorekit}"
        --rdzv_endpoint="${MASTER_ADDR:?is not set}:${PORT:-29500}")
fi
# By variables, not options, which older versions of torchrun do not know.
export PET_SIGNALS_TO_HANDLE=${PET_SIGNALS_TO_HANDLE:-SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1}
export PET_SHUTDOWN_TIMEOUT=${PET_SHUTDOWN_TIMEOUT:-${GRACE:-120}}
exec python -m torch.distributed.run "${meet[@]}" --nproc_per_node="$2" --max_restarts="${MAX_RESTARTS:-3}" \
    "$(dirname "$0")/train.py" "$1" --launcher pytorch "${@:3}"
