#!/usr/bin/env bash
# Trains one model over ten shops, then says what to look at.
# usage: run.sh [ROUNDS]; CAIRN names the program, OUT the folder of runs. Exit 77: the data set is not installed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cairn=${CAIRN:-cairn}
out=${OUT:-runs}

if [ ! -r /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ]; then
  echo "Fashion-MNIST is not here: sudo apt install dataset-fashion-mnist" >&2
  exit 77
fi

"$cairn" sim run "$here/ten-shops.toml" --out "$out" ${1:+--set strategy.rounds=$1}

echo
echo "what each shop sells, the first rows of $out/latest/clients.csv:"
head -n 4 "$out/latest/clients.csv"
echo "the same model in Python, with numpy alone: python3 $out/latest/load.py"
