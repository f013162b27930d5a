// SPDX-License-Identifier: Apache-2.0
//! The networks file in both formats, and what it says of its errors.

use super::{ip, time};
use crate::{Format, Table};

const TOML: &str = r#"
# The office.
[[network]]
prefix = "192.0.2.0/24"
name = "office"
tags = ["staff", "wired"]
note = "second floor"
local = true

[[network]]
prefix = "2001:db8::/32"
name = "本社"
valid_from = 2026-06-01
valid_to = "2026-07-01T00:00:00+09:00"
"#;

const CSV: &str = "\u{feff}prefix,name,tags,note,local,valid_from,valid_to\r
# The office.\r
192.0.2.0/24,office,staff wired,\"second, floor\",true,,\r
2001:db8::/32,本社,,,,2026-06-01,2026-07-01T00:00:00+09:00\r
";

#[test]
fn both_formats_say_the_same() {
    let from_toml = Format::of("networks.toml").read(TOML).expect("good TOML");
    let from_csv = Format::of("/etc/minamo/Networks.CSV").read(CSV).expect("good CSV");
    assert_eq!(from_toml.versions().len(), 3);
    for (a, b) in from_toml.versions().iter().zip(from_csv.versions()) {
        assert_eq!((a.valid_from, a.valid_to), (b.valid_from, b.valid_to));
        let names = |v: &crate::Version| {
            v.entries.iter().map(|e| (e.name.clone(), e.tags.clone(), e.local)).collect::<Vec<_>>()
        };
        assert_eq!(names(a), names(b));
    }
    let june = from_csv.at(time("2026-06-30T14:59:59Z")).expect("a version");
    let label = Table::new(&june.entries).lookup(ip("2001:db8::1")).cloned().expect("a label");
    assert_eq!(label.name.as_deref(), Some("本社"));
    assert!(from_csv.set("本社", time("2026-06-30T15:00:00Z")).is_none(), "the offset counts");
    assert_eq!(june.entries[0].note.as_deref(), Some("second, floor"));
    assert_eq!(Format::Toml.read("").expect("nothing").versions().len(), 0);
}

#[test]
fn errors_name_line_and_field() {
    let toml = |text: &str| Format::Toml.read(text).expect_err(text).to_string();
    let csv = |text: &str| Format::Csv.read(text).expect_err(text).to_string();
    assert_eq!(
        toml("\n[[network]]\nname = \"a\"\nprefix = \"192.0.2.0/33\"\n"),
        "line 4: prefix: got prefix length 33, want at most 32"
    );
    assert!(
        toml("[[network]]\nprefix = \"192.0.2.0/24\"\nnames = \"a\"\n")
            .starts_with("line 3: unknown field `names`, expected one of")
    );
    assert_eq!(toml("[[network]]\nname = \"a\"\n"), "line 1: missing field `prefix`");
    assert!(
        toml("[[network]]\nprefix = \"10.0.0.0/8\"\nlocal = \"yes\"\n")
            .starts_with("line 3: invalid type: string \"yes\"")
    );
    assert!(toml("[[network]\n").starts_with("line 1: "));
    let two =
        "[[network]]\nprefix = \"10.0.0.0/8\"\nname = \"a\"\n[[network]]\nprefix = \"10.0.0.0/8\"\nname = \"b\"\n";
    assert_eq!(toml(two), "line 5: prefix: 10.0.0.0/8 has the names \"a\" and \"b\" at the same time, want one");
    assert_eq!(
        csv("prefix,name\n10.0.0.0/8,a\n10.0.0.1.2,b\n"),
        "line 3: prefix: got \"10.0.0.1.2\", want an IPv4 or IPv6 address"
    );
    assert_eq!(csv("prefix,name\n10.0.0.0/8\n"), "line 2: got 1 fields, want 2 as in the first line");
    assert_eq!(
        csv("network,name\n"),
        "line 1: got the field \"network\", want some of prefix, name, tags, note, local, valid_from, valid_to"
    );
    assert_eq!(csv("name\na\n"), "line 1: want a field prefix in the first line");
    assert_eq!(csv("prefix,local\n10.0.0.0/8,maybe\n"), "line 2: local: got \"maybe\", want true or false");
    let late = "prefix,valid_from\n10.0.0.0/8,soon\n";
    assert_eq!(csv(late), "line 2: valid_from: got \"soon\", want a time such as 2026-01-31T09:00:00Z or 2026-01-31");
    let order = "prefix,valid_from,valid_to\n10.0.0.0/8,2026-07-01,2026-06-01\n";
    assert!(csv(order).starts_with("line 2: valid_to: got 2026-06-01T00:00:00Z, want a time after valid_from"));
}
