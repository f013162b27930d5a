// SPDX-License-Identifier: Apache-2.0
//! Files of Joy: lines of JSON with lists that belong together, and first packets, which go through the dissectors.

use std::path::Path;

use minamo_collect::joy;

use crate::Target;

pub(crate) static TARGET: Target = Target { name: "joy", run, seeds };

/// Faults that are kept with their place.
const KEPT: usize = 20;

fn run(octets: &[u8]) {
    let mut rows = 0u64;
    let read = joy::read(octets, &mut |row| {
        rows += 1;
        if let Some(splt) = &row.splt {
            let lengths = |count: Option<usize>| count.unwrap_or(0);
            let (all, times) = (splt.lengths.as_ref().map(Vec::len), splt.times_micros.as_ref().map(Vec::len));
            assert_eq!(lengths(all), lengths(times), "each packet has its time");
            assert!(splt.lengths.iter().flatten().all(|length| *length != 0), "packets have data");
        }
        true
    });
    // Octets in memory can be read; what may be wrong is their packing.
    let Ok(account) = read else { return assert!(octets.starts_with(&[0x1f, 0x8b]), "lines are always readable") };
    assert_eq!(account.rows, rows, "the account agrees with what was delivered");
    assert_eq!(account.faults.len() as u64, account.bad_lines.min(KEPT as u64));
    assert!(account.one_sided <= account.rows);
}

fn seeds(_: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let ends = r#""sa":"192.0.2.1","da":"198.51.100.2","pr":6,"sp":40000,"dp":443,"time_start":1.5,"time_end":9.75"#;
    let back = r#""sa":"198.51.100.2","da":"192.0.2.1","pr":6,"sp":443,"dp":40000,"time_start":1.6,"time_end":9.5"#;
    let counts = vec!["1"; 256].join(",");
    let lists = r#""packets":[{"b":200,"dir":">","ipt":0},{"rep":3,"dir":">","ipt":0},{"b":90,"dir":"<","ipt":30}]"#;
    let client = r#""tls":{"c_version":5,"cs":["c02f","00ff"],"c_extensions":[{"server_name":"www.example.com"},{"supported_groups":"00040017001d"},{"ec_point_formats":"0100"},{"16":"0003026832"}],"srlt":[{"b":195,"dir":">","ipt":0,"tp":22}]}"#;
    let server = r#""tls":{"s_version":5,"scs":"c02f","s_extensions":[{"type":"002b","data":"0304"}],"s_cert":[{"serial_number":"0a","issuer":[{"countryName":"US"}],"subject":[{"countryName":"US"}],"validity_not_before":"Aug  7 15:04:17 2017 GMT","SAN":["a.example"]}],"srlt":[{"b":80,"dir":"<","ipt":0,"tp":"22:2"}]}"#;
    let first = r#""idp_out":"450000280000000040060000c0000201c63364029c4001bb00000001000000015010ffff00000000""#;
    let octets = format!(
        r#""bytes_out":256,"num_pkts_out":5,"byte_dist":[{counts}],"byte_dist_mean":127.5,"byte_dist_std":73.9,"entropy":8.0"#
    );
    let texts = [
        format!("{{\"version\":\"1.74\"}}\n{{{ends},{lists},{octets},{client}}}\n{{{back},{lists},{server}}}\n"),
        format!("{{{ends},\"bytes_in\":9,\"num_pkts_in\":1,{lists},{first}}}\n"),
    ];
    Ok(texts.map(String::into_bytes).to_vec())
}
