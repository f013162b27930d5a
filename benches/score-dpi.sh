#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Agreement of labels, names and fingerprints with the expected flows of the nDPI captures.
# Usage: score-dpi.sh MINAMO CORPORA TOOLS. Aims: JA3 and JA4 equal for 99.5 % of the flows.
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$3/dpi-score" --minamo "$1" --json "$out" "$2/dpi/ndpi"
python3 - "$out" <<'PY'
import json, sys
scores = json.load(open(sys.argv[1]))["scores"]
met = sum(scores[name]["micro"] >= 0.995 for name in ("ja3", "ja4"))
print("met %d of 2 aims" % met)
sys.exit(met != 2)
PY
