// SPDX-License-Identifier: Apache-2.0
//! Captures of others, where they are there: nothing in them panics, and fingerprints agree.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{minamo, root, stderr};

/// The folder of a corpus; says that it is skipped where it is missing.
fn corpus(path: &str) -> Option<PathBuf> {
    let folder = root().join("../shared/corpora").join(path);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

fn captures(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            captures(&path, out);
        } else if path.extension().is_some_and(|e| ["pcap", "pcapng", "cap", "trace"].iter().any(|x| e == *x)) {
            out.push(path);
        }
    }
}

#[test]
fn hostile_and_odd_captures_end_in_rows_or_clear_errors() {
    let Some(folder) = corpus("general") else { return };
    let mut files = Vec::new();
    captures(&folder, &mut files);
    assert!(files.len() > 100);
    for chunk in files.chunks(50) {
        let mut arguments = vec!["meter".to_owned()];
        arguments.extend(chunk.iter().map(|path| path.to_string_lossy().into_owned()));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = minamo(&arguments);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{chunk:?}: {}", stderr(&output));
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn ja3_agrees_with_what_others_computed() {
    let Some(folder) = corpus("dpi/ndpi") else { return };
    let expected = fs::read_to_string(folder.join("ndpi-expected.jsonl")).expect("readable");
    let (mut same, mut all) = (0, 0);
    let mut last: (String, Vec<Value>) = Default::default();
    for line in expected.lines() {
        let want: Value = serde_json::from_str(line).expect("JSON");
        let (Some(file), Some(ja3)) = (want["pcap"].as_str(), want["ja3c"].as_str()) else { continue };
        if last.0 != file {
            let output = minamo(&["meter", &folder.join("pcap").join(file).to_string_lossy()]);
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            last = (file.to_owned(), text.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect());
        }
        let ends = |row: &&Value| {
            let ports = [&row["src_port"], &row["dst_port"]];
            ports.contains(&&want["a_port"]) && ports.contains(&&want["b_port"])
        };
        let found: Vec<_> = last.1.iter().filter(ends).collect();
        // Flows that are not metered at all are no question of fingerprints.
        if !found.is_empty() {
            all += 1;
            same += usize::from(found.iter().any(|row| row["tls_ja3"] == ja3));
        }
    }
    println!("JA3: {same} of {all} agree");
    assert!(all > 400 && same * 1_000 >= all * 965, "JA3: {same} of {all} agree");
}

/// The values of FoxIO's own program for its captures, one by one. It prints two nines where the first ALPN value ends in
/// something that is no letter or digit; the description has digits of its hexadecimal form there, and so have we.
#[test]
fn ja4_is_that_of_its_authors() {
    let Some(folder) = corpus("tls-fingerprints/ja4") else { return };
    let mut compared = 0;
    for entry in fs::read_dir(folder.join("expected/rust")).expect("readable") {
        let path = entry.expect("readable").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let capture = name.strip_suffix(".snap").and_then(|name| name.split_once('@')).expect("a snapshot").1;
        let output = minamo(&["meter", &folder.join("pcap").join(capture).to_string_lossy()]);
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let mut ends: [String; 4] = Default::default();
        for line in fs::read_to_string(&path).expect("readable").lines() {
            let Some((key, value)) = line.trim_start_matches([' ', '-']).split_once(": ") else { continue };
            let value = value.trim_matches('"');
            match ["src", "dst", "src_port", "dst_port"].iter().position(|end| *end == key) {
                Some(at) => ends[at] = value.to_owned(),
                None if key == "ja4" => {
                    let is = |row: &&Value| {
                        let text = |name: &str| row[name].to_string().trim_matches('"').to_owned();
                        let from = (text("src_ip"), text("src_port"), text("dst_ip"), text("dst_port"));
                        let [src, dst, src_port, dst_port] = ends.clone();
                        from == (src.clone(), src_port.clone(), dst.clone(), dst_port.clone())
                            || from == (dst, dst_port, src, src_port)
                    };
                    let want = if capture == "tls-non-ascii-alpn.pcapng" {
                        value.replace("99_", "bd_")
                    } else {
                        value.to_owned()
                    };
                    let found: Vec<_> = rows.iter().filter(is).map(|row| row["tls_ja4"].as_str()).collect();
                    assert!(found.contains(&Some(want.as_str())), "{capture} {ends:?}: want {want}, got {found:?}");
                    compared += 1;
                }
                None => {}
            }
        }
    }
    println!("JA4: {compared} are those of FoxIO's program");
    assert!(compared > 100, "{compared}");
}

#[test]
fn community_ids_are_those_that_the_reference_computed() {
    let Some(folder) = corpus("general/community-id/expected") else { return };
    for (seed, name) in [(0, "baseline_deflt.json"), (1, "baseline_seed1.json")] {
        let text = fs::read_to_string(folder.join(name)).expect("readable");
        let all: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        let mut compared = 0;
        for one in &all {
            let ip = |name: &str| one[name].as_str().and_then(|text| text.parse::<minamo_base::Ip>().ok());
            let (Some(src), Some(dst), Some(id)) = (ip("saddr"), ip("daddr"), one["communityid"].as_str()) else {
                continue;
            };
            let number = |name: &str| one[name].as_u64().and_then(|number| u16::try_from(number).ok()).unwrap_or(0);
            let proto = u8::try_from(number("proto")).expect("a protocol");
            let tuple =
                minamo_base::FiveTuple { src, dst, src_port: number("sport"), dst_port: number("dport"), proto };
            assert_eq!(tuple.community_id(seed), id, "{one}");
            compared += 1;
        }
        assert!(compared > 20, "{name}: {compared}");
    }
}
