#!/usr/bin/env bash
# The example runs, its model beats guessing by far, and a second run gives the same bytes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "${OUT:?}"
"$here/run.sh" 2
first=$(readlink -f "$OUT/latest")

accuracy=$(tail -n 1 "$first/metrics.csv" | cut -d, -f11)
header=$(head -n 1 "$first/metrics.csv" | cut -d, -f11)
[ "$header" = accuracy ] || { echo "column 11 is $header, expected accuracy" >&2; exit 1; }
awk -v a="$accuracy" 'BEGIN { exit !(a > 0.6) }' || { echo "accuracy $accuracy after two rounds, expected above 0.6" >&2; exit 1; }
[ "$(wc -l <"$first/clients.csv")" -eq 11 ] || { echo "clients.csv does not list ten shops" >&2; exit 1; }

"$CAIRN" sim run "$here/ten-shops.toml" --out "$OUT/again" --set strategy.rounds=2 --workers 1 -q >/dev/null
cmp "$first/final.safetensors" "$OUT/again/latest/final.safetensors"
echo "equal bytes on one worker and on all"
