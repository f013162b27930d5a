# SPDX-License-Identifier: Apache-2.0
# What a newcomer types: `make demo` and `make test`. Everything else is in `cargo xtask`.

export CARGO_TARGET_DIR ?= $(CURDIR)/target
MINAMO = $(CARGO_TARGET_DIR)/debug/minamo
# As it is installed: without the checks that tests want. Only our own crates are compiled once more for it.
PROGRAM = $(CARGO_TARGET_DIR)/minamo
UNCHECKED = CARGO_PROFILE_DEV_OVERFLOW_CHECKS=false CARGO_PROFILE_DEV_DEBUG_ASSERTIONS=false
PREFIX ?= /usr/local
CORPORA = ../shared/corpora
TOOLS = ../shared/tools

.PHONY: demo test build program install web walk fmt fuzz fuzz-nightly bench bench-meter bench-threads bench-probe bench-lake bench-collect bench-rules bench-sustained bench-latency bench-eta score-dpi score-probe score-npm score-detect score-attacks score-risks score-facts score-eta model need

## Shows a small network in the browser: builds what is missing, replays captures, serves on loopback.
demo: build
	$(MINAMO) demo

## What CI runs.
test: need web
	cargo xtask ci
	$(MAKE) walk

## The program, with the console in it.
build: need web
	cargo build --workspace

## The program to use for long: without the checks of overflows and the assertions that tests want.
program: need web
	$(UNCHECKED) cargo build -p minamo
	@cp -f $(MINAMO) $(PROGRAM)

## Into $(PREFIX)/bin.
install: program
	install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/minamo

## The console, into web/dist.
web: web/dist/index.html

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/public web/index.html web/vite.config.ts -type f 2>/dev/null)
	npm --prefix web run build
	@touch $@

web/node_modules/.package-lock.json: web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

## A person's way through the console, by a real browser; skipped where Debian's chromium is missing.
walk: build
	sh web/e2e/run.sh $(MINAMO)

fmt:
	cargo fmt --all

## A minute of each fuzz target; needs a C++ compiler.
fuzz:
	cargo xtask fuzz

## For a night: ten minutes of each target, two minutes of each protocol's dissector.
fuzz-nightly:
	cargo xtask fuzz --secs 600
	cargo xtask fuzz --protocol all --secs 120

bench: bench-meter bench-probe bench-lake bench-collect bench-rules bench-sustained bench-latency bench-eta

## CPU seconds of `minamo meter` against ndpiReader and softflowd, in one run.
bench-meter:
	cargo build --release -p minamo --no-default-features
	sh benches/meter.sh $(CARGO_TARGET_DIR)/release/minamo $(CORPORA) $(TOOLS)

## Speed of `minamo meter` with two threads against one, on the capture of bench-meter.
bench-threads:
	cargo build --release -p minamo --no-default-features
	python3 benches/threads.py $(CARGO_TARGET_DIR)/release/minamo $${MINAMO_BENCH_DIR:-/tmp/minamo-bench}/mixed.pcap 2

## The probe's figures: processor time and memory against ndpiReader and softflowd, threads, open flows, a live interface.
bench-probe:
	cargo build --release -p minamo --no-default-features
	python3 benches/probe.py $(CARGO_TARGET_DIR)/release/minamo $(CORPORA) $(TOOLS)

## Size, questions and intake of the lake against nfdump and DuckDB, in one run; RECORDS=1000000 for a short one.
bench-lake: build
	sh benches/lake.sh $(MINAMO) $(CARGO_TARGET_DIR)/debug/xtask-lake $(TOOLS) $(RECORDS)

## CPU, loss and memory of the collector against nfcapd, and decoding alone against netflow_parser, in one run;
## RECORDS=1000000 for a short one.
bench-collect: program
	sh benches/collect.sh $(PROGRAM) $(TOOLS) $(RECORDS)

## Processor time and memory of every rule over the same flows; RECORDS=1000000 unless told.
bench-rules: program
	python3 benches/rules.py $(PROGRAM) "$$(sh benches/loadgen.sh $(TOOLS))" $(or $(RECORDS),1000000)

## All rules on flows that keep coming at 200,000 a second: RECORDS=12000000 is a minute, as it is unless told.
bench-sustained: program
	python3 benches/sustained.py $(PROGRAM) "$$(sh benches/loadgen.sh $(TOOLS))" $(or $(RECORDS),12000000)

## How soon a flood and a query are told to a webhook.
bench-latency: program
	python3 benches/latency.py $(PROGRAM)

## Processor time of encrypted traffic analytics: telemetry in the meter, features and verdicts.
bench-eta:
	cargo run --release -p minamo-eta --example cost -- $(CORPORA)/dpi/ndpi/pcap/*.pcap

## Agreement of names and fingerprints with the expected flows of a corpus.
score-dpi: build
	sh benches/score-dpi.sh $(MINAMO) $(CORPORA) $(TOOLS)

## Risks of flows beside those that ndpiReader found.
score-risks: build
	python3 benches/score-risks.py $(MINAMO) $(CORPORA)

## Facts of protocols, field by field, beside Zeek's logs and Suricata's events.
score-facts: build
	python3 benches/score-facts.py $(MINAMO) $(CORPORA)

## Lengths, times, records and first packets of encrypted traffic beside those of ipfixprobe and Joy.
score-eta: build
	python3 benches/score-eta.py $(MINAMO) $(CORPORA)

## Counters, flags and times of every conversation of the corpora against tshark, and other referees.
score-probe: build
	python3 benches/score-probe.py $(MINAMO) $(CORPORA) $(or $(MINAMO_BENCH_DIR),/tmp/minamo-bench)

## Round trips and segments sent again against delays and losses that are known.
score-npm: build
	python3 benches/score-npm.py $(MINAMO)

## What the rules say about the captures of the corpora and about attacks played here; writes docs/detections.md.
score-detect:
	python3 benches/attacks.py $(or $(MINAMO_BENCH_DIR),/tmp/minamo-bench)/attacks
	MINAMO_SCORE_ATTACKS=$(or $(MINAMO_BENCH_DIR),/tmp/minamo-bench)/attacks MINAMO_SCORE_TO=$(CURDIR)/docs/detections.md \
		cargo test -p minamo --test program -- --ignored --exact score::the_rules_on_captures_of_others

## The attacks alone.
score-attacks:
	python3 benches/attacks.py $(or $(MINAMO_BENCH_DIR),/tmp/minamo-bench)/attacks
	MINAMO_SCORE_ATTACKS=$(or $(MINAMO_BENCH_DIR),/tmp/minamo-bench)/attacks MINAMO_SCORE_TO=$(CURDIR)/docs/detections.md \
		cargo test -p minamo --test program -- --ignored --exact score::the_rules_on_attacks_that_are_played

## The model of encrypted traffic and its card, from the corpora.
model: build
	$(MINAMO) model train --index $(CORPORA)/eta/tls-index.jsonl --connections $(CORPORA)/eta/malicious-tls/flows.jsonl \
		--index fixtures/eta/index.jsonl --sequences $(CORPORA)/eta/certta/CICDOH20/flows.json.gz --joy $(CORPORA)/eta/joy/reference/logreg_parameters_tls.txt --joy $(CORPORA)/eta/joy/reference/logreg_parameters.txt \
		--out crates/eta/model/default.model --card docs/explain/encrypted-traffic-model.md

need:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 (rustup)"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: apt-get install gcc"; exit 1; }
