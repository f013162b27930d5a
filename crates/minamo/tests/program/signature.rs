// SPDX-License-Identifier: Apache-2.0
//! A person's signatures: checked, tested on a recording, and in the rows of the meter.

use serde_json::Value;

use super::{minamo, root, stderr, stdout};

const FILE: &str = r#"
[[signature]]
name = "acme-login"
application = "AcmeLogin"
category = "remote_access"
transport = "tcp"
all = [{ regex = '^SSH-2\.0-' }, { text = "SSH-", at = 0, from = "server" }]

[[signature]]
name = "never"
application = "Never"
all = [{ octets = "de ad be ef", at = 100 }]
"#;

#[test]
fn a_file_is_checked_tested_and_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signatures.toml");
    std::fs::write(&file, FILE).expect("written");
    let file = file.to_string_lossy().into_owned();
    let told = stdout(&["signature", "check", &file]);
    assert_eq!(told, format!("acme-login: AcmeLogin\nnever: Never\n{file}: 2 signature(s), nothing wrong\n"));

    let recording = root().join("fixtures/protocols/ssh.pcap").to_string_lossy().into_owned();
    let rows = stdout(&["meter", "--signatures", &file, &recording]);
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let named: Vec<&Value> = rows.iter().filter(|row| row["app"] == "SSH.AcmeLogin").collect();
    assert!(!named.is_empty(), "{rows:?}");
    for row in &named {
        assert_eq!((&row["app_confidence"], &row["app_category"]), (&"signature".into(), &"remote_access".into()));
        let reason = row["app_reason"].as_str().expect("a text");
        assert!(reason.ends_with("signature acme-login: regex ^SSH-2\\.0-, text SSH- at 0 from server"), "{reason}");
    }

    let told = stdout(&["signature", "test", &file, &recording, "--flows", "0"]);
    let lines: Vec<String> = told.lines().map(str::to_owned).collect();
    let want = [
        format!("… and {} more flow(s)", named.len()),
        format!("{} flow(s), {} of them named by a signature", rows.len(), named.len()),
        format!("acme-login (AcmeLogin): names {}, fits 0 more", named.len()),
        "never (Never): names 0, fits 0 more".to_owned(),
    ];
    assert_eq!(lines, want);
    let told = stdout(&["signature", "test", &file, &recording]);
    assert_eq!(told.matches("  SSH.AcmeLogin  ").count(), named.len(), "{told}");
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("signatures.toml");
    std::fs::write(&file, FILE.replace("'^SSH-2", "'^SSH-(2")).expect("written");
    let file = file.to_string_lossy().into_owned();
    for arguments in
        [&["signature", "check", &file][..], &["meter", "--signatures", &file, "fixtures/protocols/ssh.pcap"]]
    {
        let output = minamo(arguments);
        assert_eq!(output.status.code(), Some(1));
        let want = format!("{file}: line 7, column 18: regex: unclosed group");
        assert!(stderr(&output).contains(&want), "{}", stderr(&output));
    }
    let config = folder.path().join("minamo.toml");
    std::fs::write(&config, format!("[applications]\nsignatures = {file:?}\n")).expect("written");
    let output = minamo(&["check-config", &config.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("applications: {file}: line 7")), "{}", stderr(&output));
}
