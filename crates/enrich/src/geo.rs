// SPDX-License-Identifier: Apache-2.0
//! Countries, cities and autonomous systems of addresses, from files in the MaxMind DB format 2.0 that the user supplies:
//! GeoLite2 and GeoIP2 Country, City and ASN, DB-IP's of the same layout, and flat records with `country_code` and `asn`.
//!
//! A record is decoded once and then known by its place in the file. Not read: subdivisions, coordinates, names in other
//! languages than English, and the registered country, which says who holds the addresses and not where they are.

use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;
use maxminddb::{MaxMindDbError, Reader};
use minamo_base::Ip;
use rapidhash::fast::RandomState;
use serde::Deserialize;

use crate::Counters;

/// Most decoded records that are kept per database: more than there are autonomous systems; a city database has more.
const MAX_RECORDS: usize = 131_072;
/// Most octets of a text from a database.
const MAX_TEXT: usize = 256;

/// What a database says of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// ISO 3166-1 alpha-2, upper case.
    pub country: Option<String>,
    /// Name in English.
    pub city: Option<String>,
    /// Number of the autonomous system.
    pub system: Option<u32>,
    /// Who runs that system.
    pub organisation: Option<String>,
}

/// One file.
pub struct Database {
    reader: Reader<Vec<u8>>,
    records: Mutex<HashMap<usize, Arc<Place>, RandomState>>,
}

/// A file that is no database that we can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("got {0}, want a file in the MaxMind DB format 2.0 such as GeoLite2-Country.mmdb")]
pub struct BadDatabase(String);

impl Database {
    /// The database in these octets.
    pub fn open(octets: Vec<u8>) -> Result<Self, BadDatabase> {
        let reader = Reader::from_source(octets).map_err(|error| BadDatabase(error.to_string()))?;
        Ok(Self { reader, records: Mutex::default() })
    }

    /// What kind it says it is: `GeoLite2-City`.
    pub fn kind(&self) -> &str {
        &self.reader.metadata().database_type
    }

    /// What it says of each address, in the same order; nothing where it does not know the address.
    pub fn places(&self, ips: impl Iterator<Item = Ip>, counters: &Counters) -> Vec<Option<Arc<Place>>> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = |ip| match self.place(ip, &mut records, counters) {
            Ok(place) => place,
            Err(_) => {
                counters.database_error();
                None
            }
        };
        ips.map(&mut place).collect()
    }

    fn place(
        &self,
        ip: Ip,
        records: &mut HashMap<usize, Arc<Place>, RandomState>,
        counters: &Counters,
    ) -> Result<Option<Arc<Place>>, MaxMindDbError> {
        let ip = ip.to_std();
        if ip.is_ipv6() && self.reader.metadata().ip_version == 4 {
            return Ok(None);
        }
        let found = self.reader.lookup(ip)?;
        let Some(offset) = found.offset() else { return Ok(None) };
        if let Some(place) = records.get(&offset) {
            return Ok(Some(Arc::clone(place)));
        }
        let Some(record) = found.decode::<Record<'_>>()? else { return Ok(None) };
        if records.len() >= MAX_RECORDS {
            counters.records_dropped(records.len());
            records.clear();
        }
        let place = Arc::new(record.place());
        records.insert(offset, Arc::clone(&place));
        Ok(Some(place))
    }
}

/// The members of a record that say something to us, in all layouts that we know.
#[derive(Deserialize)]
struct Record<'a> {
    #[serde(borrow)]
    country: Option<Either<'a>>,
    country_code: Option<&'a str>,
    city: Option<Either<'a>>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<&'a str>,
    asn: Option<Number<'a>>,
    as_name: Option<&'a str>,
}

/// A text of its own, or a map with code and names.
#[derive(Deserialize)]
#[serde(untagged)]
enum Either<'a> {
    Text(&'a str),
    Map {
        iso_code: Option<&'a str>,
        #[serde(borrow)]
        names: Option<Names<'a>>,
    },
}

#[derive(Deserialize)]
struct Names<'a> {
    en: Option<&'a str>,
}

/// `64500` or `AS64500`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number<'a> {
    Number(u32),
    Text(&'a str),
}

impl Record<'_> {
    fn place(&self) -> Place {
        let country = match &self.country {
            Some(Either::Map { iso_code, .. }) => *iso_code,
            Some(Either::Text(text)) => self.country_code.or(Some(text)),
            None => self.country_code,
        };
        let city = match &self.city {
            Some(Either::Map { names, .. }) => names.as_ref().and_then(|names| names.en),
            Some(Either::Text(text)) => Some(*text),
            None => None,
        };
        let told = match &self.asn {
            Some(Number::Number(number)) => Some(*number),
            Some(Number::Text(text)) => text.strip_prefix("AS").unwrap_or(text).parse().ok(),
            None => None,
        };
        Place {
            country: country.filter(|code| is_country(code)).map(str::to_ascii_uppercase),
            city: city.and_then(text),
            // AS 0 is nobody's (RFC 7607).
            system: self.autonomous_system_number.or(told).filter(|number| *number != 0),
            organisation: self.autonomous_system_organization.or(self.as_name).and_then(text),
        }
    }
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_alphabetic())
}

fn text(text: &str) -> Option<String> {
    let good = !text.is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
    good.then(|| text.to_owned())
}
