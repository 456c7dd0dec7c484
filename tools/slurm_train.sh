#!/usr/bin/env bash
# Usage: [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [GRACE=120] [SBATCH_ARGS=…] [SRUN_ARGS=…] tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options of train.py]
# Submits a job. GRACE seconds before its time is up, or when it is pre-empted, Slurm sends USR1: the run
# finishes its step, writes a checkpoint, and the job is queued again, to go on from there.
set -euo pipefail
if [ $# -lt 3 ]; then sed -n '2,4s/^# //p' "$0" >&2; exit 2; fi
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
if [ "$GPUS" -lt "$GPUS_PER_NODE" ]; then GPUS_PER_NODE=$GPUS; fi
# SBATCH_ARGS and SRUN_ARGS hold several words on purpose.
# shellcheck disable=SC2086
if [ -z "${SLURM_JOB_ID:-}" ]; then
    # Slurm runs a copy of the script from its spool: the copy is told where this one lies.
    export TOOLS=${TOOLS:-$(cd "$(dirname "$0")" && pwd)} GPUS GPUS_PER_NODE CPUS_PER_TASK=${CPUS_PER_TASK:-5}
    exec sbatch -p "$1" --job-name="$2" --gres="gpu:$GPUS_PER_NODE" --ntasks="$GPUS" \
        --ntasks-per-node="$GPUS_PER_NODE" --cpus-per-task="${CPUS_PER_TASK:-5}" --requeue \
        --open-mode=append --signal="B:USR1@${GRACE:-120}" ${SBATCH_ARGS:-} "$0" "$@"
fi

work_dir=work_dirs/$(basename "${3##*::}" .py)
arguments=("${@:4}")
for index in "${!arguments[@]}"; do
    case ${arguments[$index]} in
        --work-dir) work_dir=${arguments[$((index + 1))]} ;;
        --work-dir=*) work_dir=${arguments[$index]#--work-dir=} ;;
    esac
done

child=
asked=
trap 'asked=1; kill -USR1 "$child"' USR1
# Two jobs on a node must not meet.
export MASTER_PORT=${PORT:-$((10000 + ${SLURM_JOB_ID:-0} % 20000))}
# shellcheck disable=SC2086
# Since Slurm 22.05 srun does not know by itself what sbatch was told.
srun --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
    python -u "${TOOLS:-$(dirname "$0")}/train.py" "$3" --launcher slurm --resume "${arguments[@]}" &
child=$!
status=0
wait "$child" || status=$?
# A signal ends the first wait; the run is still writing its checkpoint.
while kill -0 "$child" 2>/dev/null; do status=0; wait "$child" || status=$?; done
if [ -n "$asked" ] && [ -e "$work_dir/requeue" ]; then exec scontrol requeue "$SLURM_JOB_ID"; fi
exit "$status"
