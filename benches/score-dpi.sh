#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Agreement of labels, names and fingerprints with the expected flows of the nDPI captures.
# Usage: score-dpi.sh MINAMO CORPORA TOOLS. The aims are those of docs/performance.md.
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT
"$3/dpi-score" --minamo "$1" --json "$out" "$2/dpi/ndpi"
python3 - "$out" <<'PY'
import json, sys
scores = json.load(open(sys.argv[1]))["scores"]
AIMS = [("protocol", "macro", 0.97), ("service", "macro", 0.92), ("sni", "micro", 0.995), ("ja3", "micro", 0.995), ("ja4", "micro", 0.995)]
met = 0
for name, mean, aim in AIMS:
    value = scores[name][mean]
    met += value >= aim
    print("%s %-9s %s %6.2f %%, aim %.1f" % ("met " if value >= aim else "MISS", name, mean, 100 * value, 100 * aim))
print("met %d of %d aims" % (met, len(AIMS)))
sys.exit(met != len(AIMS))
PY
