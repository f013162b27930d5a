#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The collector against nfcapd on the same datagrams over loopback, in one run: `make bench-collect`.
#
#   collect.sh MINAMO TOOLS [RECORDS]
set -eu
minamo=$1 tools=$2 records=${3:-5000000}
top=${MINAMO_BENCH_DIR:-/tmp/minamo-bench}
for need in nfdump nfcapd python3; do
    command -v $need >/dev/null || { echo "$need is missing: apt-get install nfdump python3"; exit 1; }
done
loadgen=$top/loadgen/release/loadgen
if [ ! -x "$loadgen" ]; then
    copy=$top/loadgen-src
    rm -rf "$copy" && mkdir -p "$top" && cp -r "$tools/loadgen" "$copy" && chmod -R u+w "$copy"
    (cd "$copy" && CARGO_TARGET_DIR=$top/loadgen cargo build --release --quiet)
fi
exec python3 "$(dirname "$0")/collect.py" "$minamo" "$loadgen" "$records"
