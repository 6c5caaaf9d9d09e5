#!/bin/sh
# usage: run.sh [WORK]
# Every command of README.md, in a folder of its own, ./csv-run by default. CAIRN names the program.
set -eu
cairn=${CAIRN:-cairn}
here=$(cd "$(dirname "$0")" && pwd)
work=${1:-csv-run}
mkdir -p "$work"
cp "$here/visits-v1.toml" "$here/experiment.toml" "$work"
cd "$work"

say() {
  echo "\$ cairn $*"
  "$cairn" "$@"
}

python3 "$here/make_csv.py" visits.csv
echo "\$ head -3 visits.csv"
head -3 visits.csv
code=0
say data check visits.csv --label readmitted || code=$?
[ "$code" = 7 ] || { echo "expected exit 7 for a column that is no number, got $code" >&2; exit 1; }
say data check visits.csv --schema visits-v1.toml
say data partition visits.csv --schema visits-v1.toml --scheme column:town --preview
say data partition visits.csv --schema visits-v1.toml --scheme dirichlet:0.5 --clients 3 --seed 7 --out parts
say data check parts/site-000.csv --schema visits-v1.toml
say sim run experiment.toml --dry-run
say sim run experiment.toml
say model check runs/latest/final.safetensors
say model eval runs/latest/final.safetensors --job experiment.toml --data visits
say model export runs/latest/final.safetensors --to npz --out visits.npz
