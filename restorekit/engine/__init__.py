"""What drives a run: runner, samplers, hooks, checkpoints, mixed precision."""
