#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# CPU seconds of `minamo meter` on a mixed capture of about 1 GB against ndpiReader and softflowd, in one run.
# Usage: meter.sh MINAMO CORPORA TOOLS. Prints a table; the aim: no more CPU than ndpiReader.
set -eu
minamo=$1 corpora=$2 tools=$3
for program in ndpiReader softflowd python3; do
    command -v $program >/dev/null || { echo "missing: $program (apt-get install libndpi-bin softflowd python3)"; exit 1; }
done
[ -d "$corpora/dpi/ndpi/pcap" ] || { echo "skipped: $corpora is not there"; exit 1; }
work=${MINAMO_BENCH_DIR:-/tmp/minamo-bench}
capture=$work/mixed.pcap
mkdir -p "$work"
if [ ! -s "$capture" ]; then
    loadgen=$(sh "$(dirname "$0")/loadgen.sh" "$tools")
    "$loadgen" amplify "$capture" "${COPIES:-80}" "$corpora"/dpi/ndpi/pcap/*.pcap
fi
ls -l "$capture" | awk '{ printf "capture: %.0f MB\n", $5 / 1e6 }'
python3 "$(dirname "$0")/cpu.py" \
    "minamo=$minamo meter --format jsonl --output /dev/null $capture" \
    "ndpiReader=ndpiReader -q -i $capture" \
    "softflowd=softflowd -r $capture -n 127.0.0.1:9 -c none -d"
