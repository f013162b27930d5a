// SPDX-License-Identifier: Apache-2.0
//! Files in the MaxMind DB format, in the layouts that are about, and broken ones.

use super::mmdb::{Value, city, system, write};
use super::{ip, prefix};
use crate::{Counters, Database, Place};

fn ask(file: &[u8], address: &str) -> Option<Place> {
    let database = Database::open(file.to_vec()).expect("a database");
    let counters = Counters::default();
    database.places([ip(address)].into_iter(), &counters).pop().flatten().map(|place| Place::clone(&place))
}

fn cities(ip_version: u16, record_size: u16) -> Vec<u8> {
    let mut prefixes = vec![
        (prefix("192.0.2.0/24"), city("JP", "Tokyo")),
        (prefix("192.0.2.128/25"), city("jp", "Osaka")),
        (prefix("198.51.100.0/24"), city("DE", "Bonn")),
    ];
    if ip_version == 6 {
        prefixes.push((prefix("2001:db8::/32"), city("FR", "Paris")));
    }
    write("GeoLite2-City", ip_version, record_size, &prefixes)
}

#[test]
fn countries_and_cities_are_found_in_every_record_size_and_family() {
    for record_size in [24, 28, 32] {
        for ip_version in [4, 6] {
            let file = cities(ip_version, record_size);
            let place = |address| ask(&file, address).map(|p| (p.country.expect("a country"), p.city.expect("a city")));
            let want = |country: &str, city: &str| Some((country.to_owned(), city.to_owned()));
            assert_eq!(place("192.0.2.1"), want("JP", "Tokyo"));
            assert_eq!(place("192.0.2.129"), want("JP", "Osaka"), "the narrower prefix, the code in capitals");
            assert_eq!(place("198.51.100.255"), want("DE", "Bonn"));
            assert_eq!(place("203.0.113.1"), None);
            assert_eq!(place("2001:db8::1"), if ip_version == 6 { want("FR", "Paris") } else { None });
        }
    }
}

#[test]
fn autonomous_systems_and_flat_records_are_read() {
    let flat = Value::Map(vec![
        ("as_name", Value::Text("Example Ltd")),
        ("asn", Value::Text("AS64501")),
        ("country", Value::Text("Japan")),
        ("country_code", Value::Text("JP")),
        ("city", Value::Text("Nara")),
    ]);
    let short = Value::Map(vec![("asn", Value::U32(64502)), ("country", Value::Text("DE"))]);
    let odd = Value::Map(vec![("autonomous_system_number", Value::U32(0)), ("country", Value::Text("Germany"))]);
    let file = write(
        "Some-ASN",
        6,
        28,
        &[
            (prefix("192.0.2.0/24"), system(64500, "Example Networks")),
            (prefix("198.51.100.0/24"), flat),
            (prefix("203.0.113.0/25"), short),
            (prefix("203.0.113.128/25"), odd),
        ],
    );
    let text = |text: &str| Some(text.to_owned());
    let want = Place { system: Some(64500), organisation: text("Example Networks"), ..Place::default() };
    assert_eq!(ask(&file, "192.0.2.1"), Some(want));
    let want =
        Place { country: text("JP"), city: text("Nara"), system: Some(64501), organisation: text("Example Ltd") };
    assert_eq!(ask(&file, "198.51.100.1"), Some(want));
    let want = Place { country: text("DE"), system: Some(64502), ..Place::default() };
    assert_eq!(ask(&file, "203.0.113.1"), Some(want));
    assert_eq!(ask(&file, "203.0.113.200"), Some(Place::default()), "AS 0 is nobody's, and Germany is no code");
}

#[test]
fn files_that_are_no_database_are_refused_with_what_is_wanted() {
    for bad in [&b""[..], b"network,country\n192.0.2.0/24,JP\n", &[0; 4096]] {
        let error = Database::open(bad.to_vec()).map(|_| ()).expect_err("no database").to_string();
        assert!(error.ends_with("want a file in the MaxMind DB format 2.0 such as GeoLite2-Country.mmdb"), "{error}");
    }
    assert_eq!(Database::open(cities(6, 28)).expect("a database").kind(), "GeoLite2-City");
}

#[test]
fn cut_and_flipped_files_give_errors_and_no_harm() {
    let good = cities(6, 24);
    let addresses = ["192.0.2.1", "198.51.100.1", "2001:db8::1", "::", "255.255.255.255"];
    let look = |octets: Vec<u8>| {
        let Ok(database) = Database::open(octets) else { return };
        let counters = Counters::default();
        assert_eq!(database.places(addresses.iter().map(|a| ip(a)), &counters).len(), addresses.len());
    };
    for length in 0..good.len() {
        look(good[..length].to_vec());
        look(good[length..].to_vec());
    }
    for at in 0..good.len() {
        for bits in [0x01, 0x10, 0x80, 0xff] {
            let mut bad = good.clone();
            bad[at] ^= bits;
            look(bad);
        }
    }
}

#[test]
fn a_record_of_another_shape_is_missed_and_counted() {
    let list = Value::Map(vec![("country", Value::List(vec![Value::Text("JP")]))]);
    let file = write("Other", 4, 24, &[(prefix("192.0.2.0/24"), list)]);
    let database = Database::open(file).expect("a database");
    let counters = Counters::default();
    assert_eq!(database.places([ip("192.0.2.1"), ip("198.51.100.1")].into_iter(), &counters), [None, None]);
    let missed =
        counters.samples(&[]).into_iter().find(|s| s.label_text() == "reason=\"database\"").expect("a counter");
    assert_eq!((missed.metric.name, missed.value), ("minamo_enrich_missed_total", 1));
}
