#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The collector against nfcapd on the same datagrams over loopback, and decoding alone against the crate
# netflow_parser on the same datagrams in memory, in one run: `make bench-collect`. BENCH_DECODE is a bench-decode that
# was built already.
#
#   collect.sh MINAMO TOOLS [RECORDS]
set -eu
minamo=$1 tools=$2 records=${3:-5000000}
top=${MINAMO_BENCH_DIR:-/tmp/minamo-bench}
for need in nfdump nfcapd python3; do
    command -v $need >/dev/null || { echo "$need is missing: apt-get install nfdump python3"; exit 1; }
done
here=$(cd "$(dirname "$0")" && pwd)
loadgen=$(sh "$here/loadgen.sh" "$tools")
decode=${BENCH_DECODE:-}
if [ -z "$decode" ]; then
    decode=$top/decode/release/bench-decode
    (cd "$here/decode" && CARGO_TARGET_DIR=$top/decode cargo build --release --quiet)
fi
for form in v5 v9 ipfix; do
    [ -s "$top/$form.pcap" ] || "$loadgen" export-pcap "$top/$form.pcap" 200000 $form
done
exec python3 "$here/collect.py" "$minamo" "$loadgen" "$records" "$decode" "$top"
