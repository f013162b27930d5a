#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the load generator of ../shared/tools where it is not built yet, and prints its path.
#
#   loadgen.sh TOOLS
set -eu
top=${MINAMO_BENCH_DIR:-/tmp/minamo-bench}
program=$top/loadgen/release/loadgen
if [ ! -x "$program" ]; then
    rm -rf "$top/loadgen-src"
    mkdir -p "$top"
    cp -r "$1/loadgen" "$top/loadgen-src"
    chmod -R u+w "$top/loadgen-src"
    (cd "$top/loadgen-src" && CARGO_TARGET_DIR=$top/loadgen cargo build --release --quiet) >&2
fi
echo "$program"
