// SPDX-License-Identifier: Apache-2.0
//! A person's own signatures: what an application says first or soon, or the name that it asks for, tells its name. They are read
//! from a file ([`Signatures::read`]), searched for in one pass over each of the first messages of a side, and concluded when
//! the row is made. A port is a hint and never a condition: it decides between several signatures that hold.

mod file;
mod seen;

use std::collections::HashMap;

use regex::bytes::RegexSet;

pub use file::BadSignatures;
pub(crate) use seen::Seen;

use crate::{Category, Side, reason};

/// Octets of each message that are looked at.
const LOOK: usize = 1_024;
/// Messages of each side that can be looked at.
const MESSAGES: usize = 4;
/// Most signatures of a file.
const MAX_SIGNATURES: usize = 1_000;
/// Most conditions of one signature.
const MAX_TERMS: usize = 16;
/// Most names of other signatures that fit, as a reason tells them.
const MAX_OTHERS: usize = 8;
/// Most conditions of a file that have to be searched for: expressions, and octets without a place.
const MAX_SEARCHED: usize = 256;

/// Signatures, ready to be searched for.
#[derive(Debug, Default)]
pub struct Signatures {
    signatures: Vec<Signature>,
    terms: Vec<Term>,
    /// By transport (datagrams, streams), then by side and by message.
    lenses: [[[Lens; MESSAGES]; 2]; 2],
    /// Host names with the conditions that they and all below them fulfil.
    hosts: HashMap<String, Vec<u16>>,
}

/// One signature.
#[derive(Debug, PartialEq, Eq)]
struct Signature {
    name: String,
    application: String,
    category: Option<Category>,
    /// True for streams, false for datagrams.
    stream: Option<bool>,
    ports: Vec<u16>,
    /// True where the label is the application alone, whatever the protocol was recognised as.
    replace: bool,
    all: Vec<u16>,
    any: Vec<u16>,
}

/// One condition.
#[derive(Debug)]
struct Term {
    /// The signature that it belongs to.
    owner: u16,
    /// Octets and the place where they stand; nothing for those that are searched for.
    fixed: Option<(usize, Vec<u8>)>,
    /// As evidence shows it.
    shown: String,
}

/// What is looked for in one message of a transport and side.
#[derive(Debug, Default)]
struct Lens {
    /// By place, and by the octet that stands there.
    fixed: Vec<(usize, HashMap<u8, Vec<u16>>)>,
    searched: Option<RegexSet>,
    /// The conditions of the expressions in `searched`.
    members: Vec<u16>,
}

/// A signature that holds for a flow.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found<'a> {
    /// Its name.
    pub(crate) name: &'a str,
    /// What the flow is to be called.
    pub(crate) application: &'a str,
    /// What the application is for, where the file says it.
    pub(crate) category: Option<Category>,
    /// True where the label is the application alone.
    pub(crate) replace: bool,
    /// The conditions that hold, in the words of the file.
    pub(crate) evidence: String,
    /// Other signatures that hold, too, at most [`MAX_OTHERS`].
    pub(crate) others: Vec<&'a str>,
}

impl Signatures {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.signatures.len()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.signatures.is_empty()
    }

    /// Name and application of each, in the file's order.
    pub fn names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.signatures.iter().map(|signature| (signature.name.as_str(), signature.application.as_str()))
    }

    /// How many messages of that side are looked at.
    fn messages(&self, stream: bool, side: Side) -> usize {
        let lenses = &self.lenses[usize::from(stream)][side.index()];
        lenses.iter().rposition(|lens| lens.searched.is_some() || !lens.fixed.is_empty()).map_or(0, |last| last + 1)
    }

    /// Adds the conditions that a message of a side fulfils, the first of which is 0.
    fn search(&self, stream: bool, side: Side, message: usize, payload: &[u8], hits: &mut Vec<u16>) {
        let payload = payload.get(..LOOK).unwrap_or(payload);
        let Some(lens) = self.lenses[usize::from(stream)][side.index()].get(message) else { return };
        for (at, by_octet) in &lens.fixed {
            let terms = payload.get(*at).and_then(|octet| by_octet.get(octet));
            let stands = |term: &&u16| {
                let fixed = self.terms.get(usize::from(**term)).and_then(|term| term.fixed.as_ref());
                fixed.is_some_and(|(at, octets)| payload.get(*at..at + octets.len()) == Some(octets))
            };
            hits.extend(terms.into_iter().flatten().filter(stands));
        }
        if let Some(set) = &lens.searched {
            let member = |at: usize| lens.members.get(at).copied();
            hits.extend(set.matches(payload).iter().filter_map(member));
        }
    }

    /// Adds the conditions that a host name fulfils.
    fn search_host(&self, host: &str, hits: &mut Vec<u16>) {
        let mut rest = Some(host);
        while let Some(name) = rest.filter(|_| !self.hosts.is_empty()) {
            hits.extend(self.hosts.get(name).into_iter().flatten());
            rest = name.split_once('.').map(|(_, behind)| behind);
        }
    }

    /// The signature that holds by these conditions: one with a port of the flow before others, then the first in the file.
    fn conclude(&self, stream: bool, ports: (u16, u16), mut hits: Vec<u16>) -> Option<Found<'_>> {
        hits.sort_unstable();
        hits.dedup();
        let hit = |term: &u16| hits.binary_search(term).is_ok();
        let mut owners: Vec<u16> =
            hits.iter().filter_map(|term| Some(self.terms.get(usize::from(*term))?.owner)).collect();
        owners.sort_unstable();
        owners.dedup();
        let holds = |signature: &&Signature| {
            signature.stream.is_none_or(|wanted| wanted == stream)
                && signature.all.iter().all(hit)
                && (signature.any.is_empty() || signature.any.iter().any(hit))
        };
        let held: Vec<&Signature> =
            owners.iter().filter_map(|owner| self.signatures.get(usize::from(*owner))).filter(holds).collect();
        let hinted = |signature: &Signature| signature.ports.iter().any(|port| *port == ports.0 || *port == ports.1);
        let best = held.iter().min_by_key(|signature| !hinted(signature))?;
        let shown = best.all.iter().chain(&best.any).filter(|term| hit(term));
        let mut evidence: Vec<&str> =
            shown.filter_map(|term| Some(self.terms.get(usize::from(*term))?.shown.as_str())).collect();
        let port =
            best.ports.iter().find(|port| **port == ports.0 || **port == ports.1).map(|port| format!("ports {port}"));
        evidence.extend(port.as_deref());
        Some(Found {
            name: &best.name,
            application: &best.application,
            category: best.category,
            replace: best.replace,
            evidence: evidence.join(", "),
            others: held
                .iter()
                .filter(|other| **other != *best)
                .map(|other| other.name.as_str())
                .take(MAX_OTHERS)
                .collect(),
        })
    }
}

/// The names of the signatures that a row's `app_reason` speaks of; the first is the one that gave the flow its name.
pub fn signatures_of(app_reason: &str) -> Vec<&str> {
    let mut names = Vec::new();
    for statement in app_reason.split(reason::BETWEEN) {
        if let Some(values) = reason::SIGNATURE.values(statement) {
            names.extend(values.first());
        } else if let Some(values) = reason::SIGNATURES.values(statement) {
            names.extend(values.first().into_iter().flat_map(|names| names.split(", ")));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use minamo_model::Flow;

    use super::*;
    use crate::{Classifier, Input, Services};

    const FILE: &str = r#"
        [[signature]]
        name = "acme-agent"
        application = "AcmeAgent"
        category = "remote_access"
        transport = "tcp"
        ports = [7070]
        all = [{ text = "ACME", at = 0 }, { regex = '^ACME/\d+\.\d ' }]
        any = [{ octets = "0d 0a" }, { text = "READY", at = 0, from = "server" }]

        [[signature]]
        name = "acme-second"
        application = "AcmeOther"
        transport = "tcp"
        ports = [9090]
        all = [{ text = "ACME/", at = 0 }, { octets = "0d0a" }]

        [[signature]]
        name = "acme-cloud"
        application = "AcmeCloud"
        all = [{ host = "cloud.acme.example" }]

        [[signature]]
        name = "beacon"
        application = "AcmeBeacon"
        transport = "udp"
        replace = true
        all = [{ octets = "be ac 00 01", at = 2 }]
    "#;

    fn label(port: u16, said: &[(Side, &[u8])], cut: usize) -> (String, String, String) {
        let signatures = Arc::new(Signatures::read(FILE).expect("a good file"));
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, port));
        classifier.look_for(&signatures);
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        classifier.label_with(&Services::default(), &mut flow);
        let word = |word: Option<std::borrow::Cow<'static, str>>| word.unwrap_or_default().into_owned();
        (flow.core.app.into_owned(), word(flow.core.app_reason), word(flow.core.app_category))
    }

    #[test]
    fn conditions_hold_however_the_stream_is_cut() {
        for cut in [1, 3, 1_000] {
            let (app, reason, category) = label(1, &[(Side::Src, b"ACME/12.1 hello\r\n")], cut);
            assert_eq!((app.as_str(), category.as_str()), ("AcmeAgent", "remote_access"), "{cut}");
            assert_eq!(signatures_of(&reason), ["acme-agent", "acme-second"]);
            assert_eq!(
                reason,
                "signature acme-agent: text ACME at 0, regex ^ACME/\\d+\\.\\d , octets 0d0a; other signatures that fit: acme-second"
            );
        }
        let answered = [(Side::Src, &b"ACME/1.1 hello"[..]), (Side::Dst, b"READY 7")];
        assert_eq!(label(1, &answered, 2).0, "AcmeAgent", "the server's answer is the other of two ways");
        assert_eq!(label(1, &answered[..1], 2).0, "Unknown");
        assert_eq!(label(1, &[(Side::Dst, b"ACME/12.1 hello\r\n")], 9).0, "Unknown", "the other side says it");
    }

    #[test]
    fn a_port_decides_between_signatures_and_makes_none() {
        let (app, reason, _) = label(9_090, &[(Side::Src, b"ACME/12.1 hello\r\n")], 99);
        assert_eq!(app, "AcmeOther");
        assert!(reason.contains(", ports 9090; other signatures that fit: acme-agent"), "{reason}");
        assert_eq!(label(9_090, &[(Side::Src, b"something else\r\n")], 99).0, "Unknown");
    }

    #[test]
    fn a_reason_is_bounded() {
        let one = |at: usize| {
            format!("[[signature]]\nname = \"s{at}\"\napplication = \"A\"\nall = [{{ text = \"x\", at = 0 }}]\n")
        };
        let signatures = Arc::new(Signatures::read(&(0..100).map(one).collect::<String>()).expect("a good file"));
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
        classifier.look_for(&signatures);
        classifier.stream(Side::Src, Input::Data(b"xyz"), &mut flow);
        classifier.label(&mut flow);
        let reason = flow.core.app_reason.unwrap_or_default();
        assert_eq!(signatures_of(&reason), ["s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"]);
    }

    #[test]
    fn a_later_message_can_tell() {
        let signatures = Arc::new(
            Signatures::read(
                r#"
                [[signature]]
                name = "late"
                application = "Late"
                all = [{ text = "HELLO", at = 0 }, { text = "TOKEN", at = 0, message = 2 }, { regex = '^OK', from = "server", message = 2 }]
                "#,
            )
            .expect("a good file"),
        );
        let label = |stream: bool, said: &[(Side, &[u8])]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(stream, 1, 2));
            classifier.look_for(&signatures);
            for (side, data) in said {
                match stream {
                    true => data.chunks(3).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow)),
                    false => classifier.datagram(*side, data, &mut flow),
                }
            }
            classifier.label(&mut flow);
            (flow.core.app.into_owned(), flow.core.app_reason.unwrap_or_default().into_owned())
        };
        let (hello, who) = ((Side::Src, &b"HELLO"[..]), (Side::Dst, &b"WHO"[..]));
        let (token, fine) = ((Side::Src, &b"TOKEN 7"[..]), (Side::Dst, &b"OK"[..]));
        for stream in [false, true] {
            let (app, reason) = label(stream, &[hello, who, token, fine]);
            assert_eq!(app, "Late", "{stream}");
            assert_eq!(
                reason,
                "signature late: text HELLO at 0, text TOKEN at 0 in message 2, regex ^OK from server in message 2"
            );
            assert_eq!(label(stream, &[hello, who, token]).0, "Unknown", "{stream}");
            assert_eq!(label(stream, &[token, who, hello, fine]).0, "Unknown", "{stream}");
        }
        assert_eq!(label(true, &[hello, token, who, fine]).0, "Unknown", "on a stream an answer ends a message");
        assert_eq!(label(false, &[hello, token, who, fine]).0, "Late");
    }

    #[test]
    fn a_host_name_tells_behind_its_protocol() {
        let request = b"GET / HTTP/1.1\r\nHost: a.cloud.acme.example\r\n\r\n";
        let (app, reason, category) = label(80, &[(Side::Src, request)], 5);
        assert_eq!((app.as_str(), category.as_str()), ("HTTP.AcmeCloud", "web"));
        assert!(reason.contains("; signature acme-cloud: host cloud.acme.example"), "{reason}");
        let other = b"GET / HTTP/1.1\r\nHost: notcloud.acme.example\r\n\r\n";
        assert_eq!(label(80, &[(Side::Src, other)], 5).0, "HTTP");
    }

    #[test]
    fn a_datagram_is_looked_at_as_it_is() {
        let signatures = Arc::new(Signatures::read(FILE).expect("a good file"));
        let of = |said: &[&[u8]]| {
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(false, 1, 2));
            classifier.look_for(&signatures);
            said.iter().for_each(|data| classifier.datagram(Side::Src, data, &mut flow));
            classifier.label_with(&Services::default(), &mut flow);
            flow.core.app.into_owned()
        };
        assert_eq!(of(&[b"\xff\xff\xbe\xac\x00\x01!"]), "AcmeBeacon");
        assert_eq!(of(&[b"\xff\xff\xff\xff", b"\xff\xff\xbe\xac\x00\x01!"]), "Unknown", "the first payload counts");
        assert_eq!(of(&[b"\xff\xff\xbe\xac"]), "Unknown");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(data: Vec<u8>, side: bool, gap: u64) {
            let signatures = Arc::new(Signatures::read(FILE).expect("a good file"));
            let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
            classifier.look_for(&signatures);
            let side = if side { Side::Src } else { Side::Dst };
            classifier.stream(side, Input::Data(&data), &mut flow);
            classifier.stream(side, Input::Gap(gap), &mut flow);
            classifier.stream(side.other(), Input::Data(&data), &mut flow);
            classifier.label(&mut flow);
        }
    }
}
