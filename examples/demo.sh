#!/usr/bin/env bash
# The main job on real input: two spots on this machine run the sample sweep of 375 optimizations.
set -euo pipefail
cd "$(dirname "$0")/.."

export MUSTER_URL=${MUSTER_URL:-http://127.0.0.1:${ORHESTRA_PORT:-${PORT:-8080}}}
python -m local up

echo
echo "Two spots, one core each, and a sweep: PSO, GA and DE over iterations, agents and dimensions."
spots=()
stop_spots() { for spot in "${spots[@]}"; do kill "$spot" 2>/dev/null || true; done; wait; }
trap stop_spots EXIT
for _ in 1 2; do
  muster spot --cores 1 --path . --quiet &
  spots+=($!)
done

job=$(muster job submit examples/optimizers/sample-sweep.json --json | python -c 'import json, sys; print(json.load(sys.stdin)["jobId"])')
muster job watch "$job"

echo
muster job results "$job" --best 10
echo
echo "All of it: muster job results $job --format csv      The cloud goes on: make down"
