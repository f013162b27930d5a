// SPDX-License-Identifier: Apache-2.0
//! Feeds of fingerprints: what a list says of a JA3, a JA4, a HASSH, a certificate. Lists come as CSV, as abuse.ch and others
//! publish them, and as JSON: a list of objects, one object per line, or one object with lists in it.
//!
//! In a line the fingerprint is the field that has its form, unless the feed names the column; what it stands for is the
//! named column, else the last field that is a text and no date. Lines without one are told with their number.

use std::sync::Arc;

use hashbrown::HashMap;
use rapidhash::fast::RandomState;

/// Most octets of what a fingerprint stands for.
const MAX_LABEL: usize = 200;
/// Most lines of which it is told what is wrong with them.
const MAX_FAULTS: usize = 10;
/// Names of columns that say what a fingerprint stands for, the best first.
const LABELS: &[&str] = &[
    "label",
    "malware",
    "listingreason",
    "reason",
    "application",
    "app",
    "desc",
    "description",
    "name",
    "sshclient",
    "user_agent",
    "library",
];

/// What is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FingerprintKind {
    /// JA3 of a client hello.
    Ja3,
    /// JA3S of a server hello.
    Ja3s,
    /// JA4 of a client hello.
    Ja4,
    /// HASSH of an SSH client.
    Hassh,
    /// HASSH of an SSH server.
    HasshServer,
    /// SHA-1 of a certificate.
    CertSha1,
    /// SHA-256 of a certificate.
    CertSha256,
    /// Parameters that a DHCP client asks for.
    Dhcp,
}

impl FingerprintKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Ja3,
        Self::Ja3s,
        Self::Ja4,
        Self::Hassh,
        Self::HasshServer,
        Self::CertSha1,
        Self::CertSha256,
        Self::Dhcp,
    ];

    /// The word for it in settings and rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ja3 => "ja3",
            Self::Ja3s => "ja3s",
            Self::Ja4 => "ja4",
            Self::Hassh => "hassh",
            Self::HasshServer => "hassh_server",
            Self::CertSha1 => "cert_sha1",
            Self::CertSha256 => "cert_sha256",
            Self::Dhcp => "dhcp",
        }
    }

    /// The column that holds it.
    pub fn column(self) -> &'static str {
        match self {
            Self::Ja3 => "tls_ja3",
            Self::Ja3s => "tls_ja3s",
            Self::Ja4 => "tls_ja4",
            Self::Hassh => "ssh_hassh",
            Self::HasshServer => "ssh_hassh_server",
            Self::CertSha1 => "tls_cert_sha1",
            Self::CertSha256 => "tls_cert_sha256",
            Self::Dhcp => "dhcp_fingerprint",
        }
    }

    /// The kind of that name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The text as rows have it, where it has the form of this kind.
    pub(crate) fn read(self, text: &str) -> Option<String> {
        let text = text.trim();
        let digits = |n: usize| {
            let plain: String = text.chars().filter(|c| *c != ':').map(|c| c.to_ascii_lowercase()).collect();
            (plain.len() == n && plain.bytes().all(|octet| octet.is_ascii_hexdigit())).then_some(plain)
        };
        match self {
            Self::Ja3 | Self::Ja3s | Self::Hassh | Self::HasshServer => digits(32),
            Self::CertSha1 => digits(40),
            Self::CertSha256 => digits(64),
            Self::Ja4 => {
                let mut parts = text.split('_').map(str::len);
                let form = [parts.next(), parts.next(), parts.next(), parts.next()];
                (form == [Some(10), Some(12), Some(12), None] && text.is_ascii()).then(|| text.to_ascii_lowercase())
            }
            Self::Dhcp => {
                let numbers = text.split(',').all(|number| number.trim().parse::<u8>().is_ok());
                (numbers && text.contains(',')).then(|| text.split(',').map(str::trim).collect::<Vec<_>>().join(","))
            }
        }
    }
}

/// How a feed is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedForm {
    /// What it lists.
    pub kind: FingerprintKind,
    /// Its name in rows.
    pub name: String,
    /// True where what it lists should not be seen: a flow with it has the risk `bad_fingerprint`.
    pub bad: bool,
    /// Column or key of the fingerprint, where its form is not enough.
    pub value: Option<String>,
    /// Column or key of what it stands for.
    pub label: Option<String>,
}

/// A line that says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedFault {
    /// Line of the file, from 1 on; of JSON that is one list the number of the object.
    pub line: usize,
    /// What is wrong.
    pub cause: String,
}

/// A feed that was read.
#[derive(Debug, Clone)]
pub struct Feed {
    form: FeedForm,
    known: HashMap<String, Arc<str>, RandomState>,
    faults: Vec<FeedFault>,
    bad_lines: usize,
}

impl Feed {
    /// Reads a file of that form. An error where there is no fingerprint in it at all.
    pub fn read(form: FeedForm, text: &str) -> Result<Self, FeedFault> {
        let mut feed = Self { form, known: HashMap::default(), faults: Vec::new(), bad_lines: 0 };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
        match first.is_some_and(|line| line.starts_with(['{', '['])) {
            true => feed.json(text)?,
            false => feed.csv(text),
        }
        if !feed.known.is_empty() {
            return Ok(feed);
        }
        let want = format!("no {} in the file", feed.form.kind.name());
        Err(feed.faults.into_iter().next().unwrap_or(FeedFault { line: 1, cause: want }))
    }

    /// Fingerprints in it.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Never true: such a feed is an error.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The first lines that say nothing, and how many there are.
    pub fn faults(&self) -> (&[FeedFault], usize) {
        (&self.faults, self.bad_lines)
    }

    /// Its form.
    pub fn form(&self) -> &FeedForm {
        &self.form
    }

    /// What it says of a fingerprint.
    pub fn find(&self, value: &str) -> Option<&Arc<str>> {
        self.known.get(value)
    }

    fn fault(&mut self, line: usize, cause: String) {
        self.bad_lines += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(FeedFault { line, cause });
        }
    }

    fn put(&mut self, value: String, label: &str) {
        let label: String = label.trim().chars().filter(|c| !c.is_control()).take(MAX_LABEL).collect();
        let label = if label.is_empty() { self.form.name.clone() } else { label };
        // The first line counts: several programs share a fingerprint, and lists have the known ones first.
        self.known.entry(value).or_insert_with(|| label.into());
    }

    fn csv(&mut self, text: &str) {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let mut heads: Vec<String> = Vec::new();
        let mut record = csv::StringRecord::new();
        loop {
            let line = usize::try_from(reader.position().line()).unwrap_or(usize::MAX);
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    self.fault(line, error.to_string());
                    continue;
                }
            }
            let line = record.position().map_or(line, |place| usize::try_from(place.line()).unwrap_or(usize::MAX));
            let first = record.get(0).unwrap_or_default();
            // Comments, and heads of columns in them.
            let comment = first.starts_with('#');
            let read = if comment { None } else { self.fields(&heads, &record) };
            match read {
                Some((value, label)) => self.put(value, &label),
                None if comment || self.known.is_empty() && record.len() > 1 => {
                    let head = |field: &str| field.trim_start_matches('#').trim().to_ascii_lowercase();
                    heads = record.iter().map(head).collect();
                }
                None if first.trim().is_empty() && record.len() == 1 => {}
                None => self.fault(line, format!("got {first:?}, want a {} in the line", self.form.kind.name())),
            }
        }
    }

    /// The fingerprint in a line, and what it stands for.
    fn fields(&self, heads: &[String], record: &csv::StringRecord) -> Option<(String, String)> {
        let column = |name: &str| heads.iter().position(|head| head == &name.to_ascii_lowercase());
        let kind = self.form.kind;
        let at = match &self.form.value {
            Some(name) => column(name)?,
            None => record.iter().position(|field| kind.read(field).is_some())?,
        };
        let value = kind.read(record.get(at)?)?;
        let named = self.form.label.as_deref().and_then(column);
        let known = named.or_else(|| LABELS.iter().find_map(|name| column(name))).filter(|found| *found != at);
        let text = |field: &str| !field.trim().is_empty() && !is_date(field) && kind.read(field).is_none();
        let last = || (0..record.len()).rev().find(|other| *other != at && record.get(*other).is_some_and(text));
        let label = known.or_else(last).and_then(|at| record.get(at)).unwrap_or_default();
        Some((value, label.to_owned()))
    }

    fn json(&mut self, text: &str) -> Result<(), FeedFault> {
        if let Ok(whole) = serde_json::from_str::<serde_json::Value>(text) {
            let mut number = 0;
            self.each_object(&whole, &mut number, 0);
            return Ok(());
        }
        let says = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
        for (at, line) in text.lines().enumerate().filter(|(_, line)| says(line)) {
            match serde_json::from_str::<serde_json::Value>(line) {
                Ok(value) => {
                    if !self.object(&value) {
                        self.fault(at + 1, format!("want a {} in the object", self.form.kind.name()));
                    }
                }
                Err(error) => self.fault(at + 1, error.to_string()),
            }
        }
        Ok(())
    }

    /// Objects in lists, and in lists that are members; nothing deeper.
    fn each_object(&mut self, value: &serde_json::Value, number: &mut usize, depth: u8) {
        match value {
            serde_json::Value::Array(list) if depth < 3 => {
                for value in list {
                    self.each_object(value, number, depth + 1);
                }
            }
            serde_json::Value::Object(members) => {
                *number += 1;
                if self.object(value) {
                    return;
                }
                let lists: Vec<_> = members.values().filter(|member| member.is_array()).collect();
                match lists.is_empty() {
                    true => self.fault(*number, format!("want a {} in the object", self.form.kind.name())),
                    false if depth < 3 => lists.into_iter().for_each(|list| self.each_object(list, number, depth + 1)),
                    false => {}
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, value: &serde_json::Value) -> bool {
        let Some(members) = value.as_object() else { return false };
        let kind = self.form.kind;
        let text = |name: &str| members.get(name).and_then(serde_json::Value::as_str);
        let found = match &self.form.value {
            Some(name) => text(name).and_then(|text| kind.read(text)),
            None => members.values().filter_map(serde_json::Value::as_str).find_map(|text| kind.read(text)),
        };
        let Some(found) = found else { return false };
        let named = |name: &&str| {
            let member = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            member.and_then(|(_, value)| value.as_str())
        };
        let label = match &self.form.label {
            Some(name) => text(name),
            None => LABELS.iter().find_map(named),
        };
        self.put(found, label.unwrap_or_default());
        true
    }
}

/// True for a text that begins as a date does: `2024-01-31`.
fn is_date(text: &str) -> bool {
    let octets = text.trim().as_bytes();
    octets.len() >= 8
        && octets.iter().take(4).all(u8::is_ascii_digit)
        && matches!(octets.get(4), Some(b'-' | b'/'))
        && octets.get(5).is_some_and(u8::is_ascii_digit)
}

/// What the feeds say of one fingerprint.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The feed.
    pub feed: &'a FeedForm,
    /// What the fingerprint stands for.
    pub label: &'a str,
}

/// All feeds.
#[derive(Debug, Clone, Default)]
pub struct Fingerprints {
    feeds: Vec<Arc<Feed>>,
}

impl Fingerprints {
    /// Of these feeds, in this order.
    pub fn new(feeds: Vec<Arc<Feed>>) -> Self {
        Self { feeds }
    }

    /// True where nothing is known.
    pub fn is_empty(&self) -> bool {
        self.feeds.is_empty()
    }

    /// The feeds.
    pub fn feeds(&self) -> &[Arc<Feed>] {
        &self.feeds
    }

    /// The kinds that any feed lists.
    pub fn kinds(&self) -> impl Iterator<Item = FingerprintKind> + use<'_> {
        FingerprintKind::ALL.into_iter().filter(|kind| self.feeds.iter().any(|feed| feed.form.kind == *kind))
    }

    /// What the feeds say of a fingerprint.
    pub fn find<'a>(&'a self, kind: FingerprintKind, value: &'a str) -> impl Iterator<Item = Said<'a>> + use<'a> {
        let feeds = self.feeds.iter().filter(move |feed| feed.form.kind == kind);
        feeds.filter_map(move |feed| Some(Said { feed: &feed.form, label: feed.find(value)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn form(kind: FingerprintKind) -> FeedForm {
        FeedForm { kind, name: "feed".to_owned(), bad: true, value: None, label: None }
    }

    const ONE: &str = "0123456789abcdef0123456789abcdef";
    const TWO: &str = "ffffffffffffffff0123456789abcdef";

    #[test]
    fn lists_as_abuse_ch_publishes_them() {
        let text = format!(
            "################\n# a list of fingerprints #\n# ja3_md5,Firstseen,Lastseen,Listingreason\n{ONE},2017-07-14 18:08:15,2019-07-27 20:42:54,Gozi\n{TWO},2017-07-14 19:22:34,2019-07-27 20:42:54,\"Two, and more\"\nodd line\n"
        );
        let feed = Feed::read(form(FingerprintKind::Ja3), &text).expect("good");
        assert_eq!(feed.find(ONE).map(|label| &**label), Some("Gozi"));
        assert_eq!(feed.find(TWO).map(|label| &**label), Some("Two, and more"));
        let (faults, number) = feed.faults();
        assert_eq!((number, faults.len()), (1, 1));
        assert_eq!((faults[0].line, faults[0].cause.as_str()), (6, "got \"odd line\", want a ja3 in the line"));
        let sha1 = "# Listingdate,SHA1,Listingreason\r\n2024-01-02 03:04:05,ABCDEF0123456789ABCDEF0123456789ABCDEF01,Dridex C&C\r\n";
        let feed = Feed::read(form(FingerprintKind::CertSha1), sha1).expect("good");
        assert_eq!(feed.find("abcdef0123456789abcdef0123456789abcdef01").map(|label| &**label), Some("Dridex C&C"));
    }

    #[test]
    fn columns_can_be_named() {
        let text = format!("a,name,value\nx,Program,{ONE}\n");
        let named =
            FeedForm { value: Some("value".to_owned()), label: Some("a".to_owned()), ..form(FingerprintKind::Hassh) };
        assert_eq!(Feed::read(named, &text).expect("good").find(ONE).map(|label| &**label), Some("x"));
        assert_eq!(
            Feed::read(form(FingerprintKind::Hassh), &text).expect("good").find(ONE).map(|label| &**label),
            Some("Program")
        );
        let wrong = FeedForm { value: Some("other".to_owned()), ..form(FingerprintKind::Hassh) };
        assert!(Feed::read(wrong, &text).is_err());
    }

    #[test]
    fn json_in_lines_and_in_lists() {
        let lines =
            format!("{{\"desc\":\"One\",\"ja3_hash\":\"{ONE}\"}}\n\n# a remark\nnonsense\n{{\"desc\":\"no hash\"}}\n");
        let feed = Feed::read(form(FingerprintKind::Ja3), &lines).expect("good");
        assert_eq!(feed.find(ONE).map(|label| &**label), Some("One"));
        assert_eq!(feed.faults().0.iter().map(|fault| fault.line).collect::<Vec<_>>(), [4, 5]);
        let ja4 = "t13d1516h2_8daaf6152771_e5627efa2ab1";
        for list in [
            format!("[{{\"application\":\"Two\",\"ja4\":\"{ja4}\"}}]"),
            format!("{{\"data\":[{{\"application\":\"Two\",\"ja4\":\"{ja4}\"}}]}}"),
        ] {
            let feed = Feed::read(form(FingerprintKind::Ja4), &list).expect("good");
            assert_eq!(feed.find(ja4).map(|label| &**label), Some("Two"), "{list}");
        }
    }

    #[test]
    fn a_file_without_fingerprints_is_an_error() {
        for text in ["", "# only a comment\n", "a,b\nc,d\n", "{}", "[]"] {
            assert!(Feed::read(form(FingerprintKind::Ja3), text).is_err(), "{text:?}");
        }
        let error = Feed::read(form(FingerprintKind::Ja3), "x\ny\n").expect_err("nothing in it");
        assert_eq!((error.line, error.cause.as_str()), (1, "got \"x\", want a ja3 in the line"));
    }

    #[test]
    fn the_public_tables_read_well() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/tls-fingerprints");
        if !folder.is_dir() {
            println!("skipped: there is no {}", folder.display());
            return;
        }
        for (file, kind, least) in [
            ("ja3-lists/osx-nix-ja3.csv", FingerprintKind::Ja3, 150),
            ("ja3prints-trisul/ja3fingerprint.json", FingerprintKind::Ja3, 300),
            ("hassh-lists/hassh_fingerprints.csv", FingerprintKind::Hassh, 20),
            ("hassh-lists/hassh_fingerprints.json", FingerprintKind::Hassh, 20),
        ] {
            let text = std::fs::read_to_string(folder.join(file)).expect("readable");
            let feed = Feed::read(form(kind), &text).expect(file);
            println!("{file}: {} fingerprints, {} lines without", feed.len(), feed.faults().1);
            assert!(feed.len() >= least, "{file}: {} {:?}", feed.len(), feed.faults());
            assert!(feed.faults().1 <= 5, "{file}: {:?}", feed.faults());
        }
    }

    proptest! {
        #[test]
        fn arbitrary_texts_do_no_harm(text: String) {
            for kind in FingerprintKind::ALL {
                let _read = Feed::read(form(kind), &text);
                let _read = Feed::read(form(kind), &format!("[{text}"));
            }
        }
    }
}
