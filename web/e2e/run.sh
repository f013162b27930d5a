#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Starts `minamo demo`, walks its console with a real browser, and ends it. Usage: run.sh MINAMO
set -eu
minamo=$1
cd "$(dirname "$0")/../.."
if [ ! -x "${MINAMO_CHROMIUM:-/usr/bin/chromium}" ]; then
    echo "skipped: no chromium (apt-get install chromium fonts-noto-cjk)"
    exit 0
fi
log=$(mktemp)
"$minamo" demo --listen 127.0.0.1:0 2>"$log" &
demo=$!
trap 'kill $demo 2>/dev/null; wait $demo 2>/dev/null; rm -f "$log"' EXIT
for _ in $(seq 120); do
    grep -q '^  password' "$log" && break
    kill -0 $demo 2>/dev/null || { cat "$log"; exit 1; }
    sleep 1
done
MINAMO_URL=$(sed -n 's/^  console *//p' "$log")
MINAMO_PASSWORD=$(sed -n 's/^  password *//p' "$log")
export MINAMO_URL MINAMO_PASSWORD MINAMO_USER=demo
npm --prefix web run e2e
