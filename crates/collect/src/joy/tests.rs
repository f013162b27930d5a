// SPDX-License-Identifier: Apache-2.0

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use minamo_base::Ip;
use minamo_model::Flow;

use super::*;

const CLIENT: &str = r#"{"sa":"192.0.2.1","da":"198.51.100.2","pr":6,"sp":40000,"dp":443,"bytes_out":6,"num_pkts_out":5,"time_start":1500000000.000100,"time_end":1500000001.0,"packets":[{"b":200,"dir":"<","ipt":0},{"b":90,"dir":"<","ipt":30}],"byte_dist":BD,"entropy":2.5,"tls":{"c_version":5,"cs":["c02f","00ff"],"c_extensions":[{"server_name":"www.Example.com"},{"supported_groups":"00040017001d"},{"ec_point_formats":"0100"}],"srlt":[{"b":195,"dir":"<","ipt":0,"tp":22}]}}"#;
const SERVER: &str = r#"{"sa":"198.51.100.2","da":"192.0.2.1","pr":6,"sp":443,"dp":40000,"bytes_out":900,"num_pkts_out":4,"time_start":1500000000.010,"time_end":1500000000.9,"packets":[{"b":900,"dir":"<","ipt":0}],"tls":{"s_version":5,"scs":"c02f","s_cert":[{"serial_number":"0a","issuer":[{"countryName":"US"},{"organizationName":"A"}],"subject":[{"countryName":"US"},{"organizationName":"A"}],"validity_not_before":"Aug  7 15:04:17 2017 GMT","subject_public_key_algo":"rsaEncryption","subject_public_key_size":2048}],"srlt":[{"b":80,"dir":"<","ipt":0,"tp":"22:2"}]}}"#;

fn of(text: &str) -> (Vec<Flow>, Account) {
    let mut rows = Vec::new();
    let account = read(text.as_bytes(), &mut |row| {
        rows.push(row);
        true
    });
    (rows, account.expect("readable"))
}

fn client() -> String {
    let mut counts = ["0"; 256];
    counts[7] = "6";
    CLIENT.replace("BD", &format!("[{}]", counts.join(",")))
}

#[test]
fn two_lines_of_one_conversation_are_one_row() {
    for text in [format!("{}\n{SERVER}\n", client()), format!("\n{SERVER}\n{}", client())] {
        let (rows, account) = of(&format!("{{\"version\":\"1.74\"}}\n{text}"));
        assert_eq!((rows.len(), account.one_sided, account.bad_lines), (1, 0, 0), "{account:?}");
        let row = &rows[0];
        assert_eq!((row.core.src_ip, row.core.dst_port), (Ip::v4([192, 0, 2, 1]), 443));
        assert_eq!((row.core.src_bytes, row.core.dst_bytes), (6 + 5 * 40, 900 + 4 * 40));
        let splt = row.splt.as_deref().expect("packets");
        assert_eq!(splt.lengths.as_deref(), Some(&[200, -900, 90][..]));
        assert_eq!(splt.times_micros.as_deref(), Some(&[0, 9_900, 20_100][..]));
        let eta = row.eta.as_deref().expect("counts");
        assert_eq!(eta.src_byte_counts.as_ref().map(|counts| counts[7]), Some(6));
        assert_eq!((eta.src_entropy, eta.dst_entropy), (Some(2.5), None));
        assert_eq!(eta.record_lengths.as_deref(), Some(&[195, -80][..]));
        assert_eq!(eta.record_types.as_deref(), Some(&[22, 22][..]));
        let tls = row.tls.as_deref().expect("hellos");
        assert_eq!((tls.sni.as_deref(), tls.version.as_deref()), (Some("www.example.com"), Some("TLS 1.2")));
        assert_eq!(tls.cipher.as_deref(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        assert_eq!((tls.cert_issuer.as_deref(), tls.cert_self_signed), (Some("C=US, O=A"), Some(true)));
        assert_eq!(tls.cert_not_before.map(Time::secs), Some(1_502_118_257));
        assert!(tls.ja4.as_deref().is_some_and(|ja4| ja4.starts_with("t12d0203")), "{:?}", tls.ja4);
    }
}

#[test]
fn a_line_of_both_directions_is_a_row() {
    let text = r#"{"sa":"192.0.2.1","da":"198.51.100.2","pr":17,"sp":1,"dp":53,"bytes_out":30,"num_pkts_out":1,"bytes_in":50,"num_pkts_in":1,"time_start":1.5,"time_end":1.75,"packets":[{"b":30,"dir":">","ipt":0},{"b":50,"dir":"<","ipt":250}]}"#;
    let (rows, account) = of(text);
    assert_eq!((account.rows, account.one_sided), (1, 0));
    let splt = rows[0].splt.as_deref().expect("packets");
    assert_eq!(
        (splt.lengths.as_deref(), splt.times_micros.as_deref()),
        (Some(&[30, -50][..]), Some(&[0, 250_000][..]))
    );
    assert_eq!((rows[0].core.src_bytes, rows[0].core.dst_bytes), (58, 78));
}

#[test]
fn packets_without_data_are_left_out_and_runs_are_those_of_cisco() {
    let text = r#"{"sa":"192.0.2.1","da":"198.51.100.2","pr":6,"sp":1,"dp":2,"bytes_in":0,"num_pkts_in":0,"time_start":1.5,"time_end":9.75,"packets":[{"b":0,"dir":">","ipt":0},{"b":30,"dir":">","ipt":5},{"b":0,"dir":"<","ipt":7},{"rep":2,"dir":"<","ipt":1},{"rep":25536,"dir":"<","ipt":0}]}"#;
    let (rows, account) = of(text);
    assert_eq!((account.rows, account.bad_lines), (1, 0), "{account:?}");
    let splt = rows[0].splt.as_deref().expect("packets");
    assert_eq!(splt.lengths.as_deref(), Some(&[30, -40_000][..]), "a run behind a packet without data is one of such");
    assert_eq!(splt.times_micros.as_deref(), Some(&[0, 8_000][..]));
    let (rows, _) = of(&text.replace(r#"{"b":0,"dir":"<","ipt":7},"#, ""));
    assert_eq!(rows[0].splt.as_deref().and_then(|splt| splt.lengths.as_deref()), Some(&[30, -30, -30, -40_000][..]));
}

#[test]
fn first_packets_are_looked_at() {
    let packet = |port: u16| {
        let mut octets = Vec::new();
        let builder = etherparse::PacketBuilder::ipv4([192, 0, 2, 1], [198, 51, 100, 2], 64).tcp(port, 80, 1, 1_000);
        builder.write(&mut octets, b"GET / HTTP/1.1\r\nHost: www.example.net\r\n\r\n").expect("a Vec takes all");
        minamo_base::hex(&octets)
    };
    let line = |port: u16| {
        let digits = packet(port);
        format!(
            r#"{{"sa":"192.0.2.1","da":"198.51.100.2","pr":6,"sp":9,"dp":80,"time_start":1.5,"time_end":1.75,"idp_out":"{digits}"}}"#
        )
    };
    let (rows, account) = of(&line(9));
    assert_eq!((rows[0].core.app.as_ref(), account.unfit_packets), ("HTTP", 0));
    assert_eq!(rows[0].http.as_ref().and_then(|http| http.host.as_deref()), Some("www.example.net"));
    let (rows, account) = of(&line(10));
    assert_eq!((rows[0].core.app.as_ref(), account.unfit_packets), ("Unknown", 1));
    assert_eq!(rows[0].eta.as_ref().and_then(|eta| eta.src_initial_packet.clone()), Some(packet(10)), "kept as it is");
}

#[test]
fn bad_lines_are_told_with_line_and_field_and_the_rest_is_read() {
    let change = |from: &str, to: &str| client().replacen(from, to, 1);
    let cases = [
        ("{".to_owned(), "line 2: it is no JSON"),
        ("[1]".to_owned(), "line 2: want an object"),
        (change("\"192.0.2.1\"", "\"x.y\""), "line 2: sa: got \"x.y\", want an address"),
        (change("443", "70000"), "line 2: dp: got 70000, want a whole number up to 65535"),
        (change("\"b\":90", "\"b\":-9"), "line 2: packets[1].b: got -9, want a whole number up to 2147483647"),
        (change("1500000001.0", "1.0"), "line 2: time_end: got 1970-01-01T00:00:01Z, want no less than time_start"),
        (change("\"00ff\"", "9"), "line 2: tls.cs[1]: got 9, want four hexadecimal digits"),
        (change("\"b\":195", "\"b\":null"), "line 2: tls.srlt[0].b: it is missing"),
        (change("[0,0,", "["), "line 2: byte_dist: got 254 counts, want 256"),
        (change("\"entropy\":2.5", "\"entropy\":\"high\""), "line 2: entropy: got \"high\", want a number, 0 or above"),
        (change("\"entropy\":2.5", "\"idp_out\":\"45x\""), "line 2: idp_out: got \"45x\", want hexadecimal digits"),
        (change("\"tls\":{", "\"tls\":[],\"x\":{"), "line 2: tls: got [], want an object"),
        (change("\"b\":195", "\"b\":70000"), "line 2: tls.srlt[0].b: got 70000, want a whole number up to 65535"),
    ];
    for (line, want) in cases {
        let (rows, account) = of(&format!("{SERVER}\n{line}\n"));
        assert_eq!((rows.len(), account.bad_lines), (1, 1), "{line}");
        let told = account.faults[0].to_string();
        assert!(told.starts_with(want), "{told} instead of {want}");
    }
    let long = format!("{}\n{SERVER}\n", " ".repeat(MAX_LINE + 5));
    let (rows, account) = of(&long);
    assert_eq!((rows.len(), account.faults[0].to_string().as_str()), (1, "line 1: it has more than 1048576 octets"));
}

#[test]
fn a_packed_file_is_unpacked_and_a_cut_one_is_an_error() {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(format!("{}\n{SERVER}\n", client()).as_bytes()).expect("written");
    let packed = packed.finish().expect("packed");
    let mut rows = 0;
    let mut sink = |_: Flow| {
        rows += 1;
        true
    };
    assert!(read(&packed[..], &mut sink).is_ok());
    assert!(read(&packed[..packed.len() / 2], &mut sink).is_err());
    assert!(may_be_joy(&packed) && may_be_joy(b" {\"") && !may_be_joy(b"\x0c\xa5"));
    assert_eq!(rows, 1);
}

#[test]
fn no_octets_panic() {
    let whole = format!("{}\n{SERVER}\n", client());
    for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        for with in ["", "-", "9", "null", "\"", "[", "{}"] {
            let mut text = whole.clone();
            text.replace_range(at..(at + 1).min(text.len()), with);
            let (_, account) = of(&text);
            assert!(account.rows <= 2);
        }
    }
}

#[test]
fn lines_that_joy_wrote_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/eta/joy/expected");
    let Ok(files) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: there is no {}", folder.display());
        return;
    };
    for file in files {
        let path = file.expect("an entry").path();
        let mut rows = Vec::new();
        let account = read(File::open(&path).expect("opens"), &mut |row| {
            rows.push(row);
            true
        });
        let account = account.expect("readable");
        assert_eq!((account.rows, account.one_sided, account.bad_lines), (1, 0, 0), "{}", path.display());
        let tls = rows[0].tls.as_deref().expect("hellos");
        assert!(tls.ja3.is_some() && tls.cert_self_signed == Some(true), "{tls:?}");
        assert!(rows[0].splt.as_ref().and_then(|splt| splt.lengths.as_ref()).is_some_and(|all| all.len() == 4));
    }
}
