#!/bin/sh
# usage: run.sh FOLDER [WORK]
# Trains the four hospitals of FOLDER (the UCI files processed.*.data) together and each alone, measures
# every model on the pooled test rows and on its own, and says whether the small hospitals gained. What it
# makes lies in WORK, ./heart-run by default. CAIRN names the program, `cairn` by default.
set -eu
if [ $# -lt 1 ] || [ ! -f "$1/processed.cleveland.data" ]; then
  echo "usage: run.sh FOLDER [WORK]   FOLDER holds processed.cleveland.data and the three others" >&2
  exit 2
fi
cairn=${CAIRN:-cairn}
here=$(cd "$(dirname "$0")" && pwd)
data=$(cd "$1" && pwd)
work=${2:-heart-run}
mkdir -p "$work"
cp -r "$here/federation.toml" "$here/heart-v1.toml" "$here/rows" "$work"
ln -sfn "$data" "$work/data"
cd "$work"

# train NAME DATASET...: one run, in runs/NAME. A hospital alone has nobody to hide among, so nothing is masked.
train() {
  name=$1
  shift
  sites=
  masking=full
  [ $# -ge 3 ] || masking=off
  for site in "$@"; do sites="$sites${sites:+, }\"$site\""; done
  "$cairn" sim run federation.toml -q --out "runs/$name" --set "name=$name" --set "population.datasets=[$sites]" \
    --set "secagg.mode=$masking" >"$name.log"
}

# score NAME DATASET: "accuracy auc loss" of a run's last model
score() {
  "$cairn" model eval "runs/$1/latest/final.safetensors" -q --job federation.toml --data "$2" |
    awk -v data="$2" '$1 == data { print $4, $5, $3 }'
}

hospitals="cleveland hungarian switzerland va"
train fedavg $hospitals
for hospital in $hospitals; do train "alone-$hospital" "$hospital"; done

rows() { grep -v '^#' "rows/$1.txt" | wc -w; }
total=0
for hospital in $hospitals; do total=$((total + $(rows "$hospital-train"))); done

echo "| model | training rows | accuracy | ROC-AUC | log loss |"
echo "|---|---:|---:|---:|---:|"
fedavg=$(score fedavg pooled-test)
echo "$fedavg" | awk -v n="$total" '{ printf "| FedAvg, four hospitals | %d | %s | %s | %s |\n", n, $1, $2, $3 }'
beaten=yes
for hospital in $hospitals; do
  alone=$(score "alone-$hospital" pooled-test)
  echo "$alone" | awk -v h="$hospital" -v n="$(rows "$hospital-train")" '{ printf "| %s alone | %d | %s | %s | %s |\n", h, n, $1, $2, $3 }'
  case $hospital in
  switzerland | va) echo "$fedavg $alone" | awk '{ exit !($1 > $4) }' || beaten=no ;;
  esac
done
echo
echo "FedAvg beats each small hospital's own model on the pooled test set ($(rows pooled-test) rows): $beaten"
[ "$beaten" = yes ]
