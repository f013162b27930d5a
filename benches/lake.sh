#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The lake against nfdump and DuckDB on the same records, in one run: `make bench-lake`.
#
#   lake.sh MINAMO XTASK_LAKE TOOLS [RECORDS]
#
# The records come from ../shared/tools/loadgen as NetFlow v9, once over loopback into nfcapd (LZ4), once as a capture
# into batches for the lake. Times are wall seconds of the best of three runs and processor seconds; the ratio is of
# wall time, and of processor time where the machine was busy with something else.
set -eu
minamo=$1 load=$2 tools=$3 records=${4:-20000000}
dir=${MINAMO_BENCH_DIR:-/tmp/minamo-bench}/lake-$records
port=29955
mkdir -p "$dir/nf"
for need in nfdump nfcapd python3; do
    command -v $need >/dev/null || { echo "$need is missing: apt-get install nfdump python3"; exit 1; }
done

loadgen=$(sh "$(dirname "$0")/loadgen.sh" "$tools")
if [ ! -s "$dir/records.arrow" ]; then
    "$loadgen" export-pcap "$dir/records.pcap" "$records" v9
    "$load" prepare "$dir/records.pcap" "$dir/records.arrow"
    rm "$dir/records.pcap"
fi
if [ -z "$(ls "$dir/nf" 2>/dev/null)" ]; then
    nfcapd -y -b 127.0.0.1 -p $port -w "$dir/nf" -t 86400 -B 200000000 >"$dir/nfcapd.log" 2>&1 &
    pid=$!
    sleep 1
    "$loadgen" blast 127.0.0.1:$port "$records" v9 120000
    sleep 2
    kill -INT $pid
    wait $pid || true
fi
rm -rf "$dir/lake"
mkdir -p "$dir/lake"
"$load" load "$dir/lake/lake" "$dir/records.arrow" >"$dir/load.txt"
rm -rf "$dir/month"
"$load" month "$dir/month" >"$dir/month.txt"
exec python3 "$(dirname "$0")/lake.py" "$minamo" "$dir" "$records"
