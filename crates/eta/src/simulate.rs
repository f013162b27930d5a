// SPDX-License-Identifier: Apache-2.0
//! Sessions as behaviour has them: what is known of how people's programs and how remote-control programs use TLS, as
//! distributions. Public captures hold few families of malware and few networks; these sessions keep the trees from taking
//! a laboratory's habits for a class. No capture was looked at for a number of a single family: sources are the protocols
//! (RFC 5246, RFC 8446, RFC 9113), the CA/Browser Forum's rules for validity, and ATT&CK T1071.001, T1573, T1571, T1041, T1105.
//! Both classes use the same clients, paths and versions.

use minamo_base::Time;
use minamo_model::flow::{Flow, Splt, Tls};

use crate::pairs::{PairContext, Pairs};
use crate::random::Random;

/// A made-up session with its truth.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The row.
    pub flow: Flow,
    /// What earlier sessions of its hosts would say.
    pub pair: Option<PairContext>,
    /// True for malware.
    pub malware: bool,
}

/// That many sessions, one half of each class.
pub fn sessions(count: usize, seed: u64) -> Vec<Simulated> {
    let mut random = Random::new(seed);
    (0..count).map(|n| Session::new(&mut random, n % 2 == 1).finish()).collect()
}

/// Share of sessions with a server near by: in the same building, or the same rack.
const NEAR: f64 = 0.2;
/// Share of sessions whose octets are counted: most probes count none.
const COUNTED: f64 = 0.5;
/// Octets of a side that are counted.
const COUNTED_OCTETS: u32 = 4_096;
/// Letters of names and addresses, as often as in words.
const LETTERS: &[u8] = b"eeeeaaaattoooiiinnnsssrrrhllddccuumpgwwywfb.v-k";
/// Octets that stand in hellos and certificates: lengths, types, numbers of suites and of objects (ITU-T X.690).
const STRUCTURE: &[u8] =
    &[0, 0, 0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 6, 0x0a, 0x13, 0x16, 0x1d, 0x2b, 0x30, 0x30, 0x55, 0x55, 0x82, 0xc0];

/// How often each octet value came.
struct Counts([u32; 256]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; 256])
    }
}

impl Counts {
    fn add(&mut self, octet: usize, count: u32) {
        if let Some(place) = self.0.get_mut(octet) {
            *place += count;
        }
    }

    fn text(&mut self, text: &[u8]) {
        text.iter().for_each(|octet| self.add(usize::from(*octet), 1));
    }

    /// Octets of every value alike.
    fn chance(&mut self, random: &mut Random, count: u32) {
        for _ in 0..count.div_ceil(8) {
            random.bits().to_le_bytes().iter().for_each(|octet| self.add(usize::from(*octet), 1));
        }
    }

    fn structure(&mut self, random: &mut Random, count: u32) {
        for _ in 0..count {
            self.add(usize::from(random.pick(STRUCTURE).copied().unwrap_or(0)), 1);
        }
    }

    fn entropy(&self) -> f64 {
        let all = f64::from(self.0.iter().sum::<u32>().max(1));
        let share = |count: &u32| f64::from(*count) / all;
        -self.0.iter().map(share).filter(|share| *share > 0.0).map(|share| share * share.log2()).sum::<f64>()
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Server {
    /// With a certificate of one's own making.
    Own,
    /// With a validated domain's certificate.
    Domain,
    /// Of a large provider.
    Provider,
}

struct Session<'a> {
    random: &'a mut Random,
    malware: bool,
    trip: f64,
    lengths: Vec<i32>,
    times: Vec<u32>,
    tls: Tls,
    start: i64,
}

const WORDS: &[&str] = &[
    "cloud", "data", "news", "shop", "media", "static", "mail", "update", "secure", "store", "play", "video", "photo",
    "bank", "book", "travel", "sport", "home", "auto", "health", "tech", "food", "music", "world", "market", "green",
];
const HOSTS: &[&str] =
    &["www", "api", "cdn", "static", "img1", "update", "mail", "edge-3", "s2", "login", "events.data", "a1.b"];
const SITES: &[&str] = &["com", "com", "com", "net", "org", "io", "de", "jp", "co.uk"];
const CHEAP: &[&str] =
    &["com", "net", "org", "top", "xyz", "space", "fun", "site", "info", "online", "club", "ru", "com"];
const DAY: f64 = 86_400e9;

impl<'a> Session<'a> {
    fn new(random: &'a mut Random, malware: bool) -> Self {
        let trip = if random.chance(NEAR) { random.log_normal(400.0, 1.0) } else { random.log_normal(30_000.0, 0.8) };
        let start = (random.between(1.6e18, 1.7e18)) as i64;
        let mut session =
            Self { random, malware, trip, lengths: Vec::new(), times: Vec::new(), tls: Tls::default(), start };
        session.handshake();
        if malware {
            session.controlled()
        } else {
            session.used()
        }
        session
    }

    fn by_class(&mut self, malware: f64, benign: f64) -> bool {
        let probability = if self.malware { malware } else { benign };
        self.random.chance(probability)
    }

    fn put(&mut self, length: f64, micros: f64) {
        self.lengths.push(length as i32);
        self.times.push(micros as u32);
    }

    fn size(&mut self, median: f64, deviation: f64) -> f64 {
        self.random.log_normal(median, deviation)
    }

    fn turn(&mut self, request: f64, answer: f64, wait: f64) {
        let think = self.size(20_000.0, 1.0);
        self.put(request, wait);
        self.put(-answer, self.trip + think);
    }

    fn handshake(&mut self) {
        let newest = self.random.chance(0.6);
        let hello = match self.random.unit() {
            x if x < 0.1 => self.random.between(1_300.0, 1_900.0),
            x if x < 0.5 => 517.0,
            _ => self.random.between(130.0, 700.0),
        };
        let resumed = self.random.chance(0.13);
        let at = self.random.unit();
        // Within organisations ordinary services have certificates of their own making, too.
        let bounds = if self.malware { (0.45, 0.85) } else { (0.15, 0.35) };
        let server = if at < bounds.0 {
            Server::Own
        } else if at < bounds.1 {
            Server::Domain
        } else {
            Server::Provider
        };
        let flight = match server {
            _ if resumed => self.random.between(95.0, 330.0),
            Server::Own => self.random.between(750.0, 1_500.0),
            Server::Domain => self.random.between(2_300.0, 4_300.0),
            Server::Provider => self.random.between(2_400.0, 5_800.0),
        };
        let flight = if self.random.chance(0.3) && !resumed { flight * 0.8 } else { flight };
        if !self.by_class(0.45, 0.07) {
            self.tls.sni = Some(self.name());
        }
        // Both classes use the same clients: nothing asks which.
        self.tls.ja4 = Some("simulated".to_owned());
        self.tls.version = Some(if newest { "TLS 1.3" } else { "TLS 1.2" }.into());
        self.tls.cipher =
            Some(if newest { "TLS_AES_256_GCM_SHA384" } else { "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" }.into());
        self.put(hello, 0.0);
        self.put(-flight, self.trip);
        if newest {
            let finished = if self.random.chance(0.5) { 64.0 } else { 80.0 };
            self.put(finished, 2_000.0);
        } else {
            if resumed {
                self.put(51.0, 2_000.0);
            } else {
                let exchange = self.random.pick(&[93.0, 126.0, 158.0, 326.0]).copied().unwrap_or(93.0);
                let finished = self.random.pick(&[51.0, 234.0, 258.0, 274.0]).copied().unwrap_or(51.0);
                self.put(exchange, 3_000.0);
                self.put(-finished, self.trip);
                self.certificate(server);
            }
            if self.by_class(0.2, 0.6) {
                self.tls.alpn_selected = Some("h2".to_owned());
            }
        }
        if self.random.chance(0.5) {
            // Settings and windows of HTTP/2, which both sides acknowledge.
            let (own, theirs) = (self.random.between(80.0, 180.0), self.random.between(40.0, 90.0));
            self.put(own, 1_000.0);
            self.put(-theirs, self.trip);
            self.put(31.0, 1_000.0);
            self.put(-31.0, self.trip);
        } else if newest && self.random.chance(0.6) {
            let tickets = self.random.between(200.0, 560.0);
            self.put(-tickets, self.trip);
        }
    }

    fn name(&mut self) -> String {
        let mut words = || {
            let (a, b) = (self.random.pick(WORDS), self.random.pick(WORDS));
            format!("{}{}", a.copied().unwrap_or_default(), b.copied().unwrap_or_default())
        };
        let word = words();
        if self.malware && self.random.chance(0.5) {
            let word = if self.random.chance(0.5) { word } else { self.letters() };
            return format!("{word}.{}", self.random.pick(CHEAP).copied().unwrap_or("com"));
        }
        let domain = format!("{word}.{}", self.random.pick(SITES).copied().unwrap_or("com"));
        if self.by_class(0.4, 0.75) {
            return format!("{}.{domain}", self.random.pick(HOSTS).copied().unwrap_or("www"));
        }
        domain
    }

    fn letters(&mut self) -> String {
        let length = self.random.whole(6, 14);
        let mut letter = || {
            let from: &[u8] = if self.random.chance(0.6) { b"bcdfghjklmnpqrstvwxz" } else { b"aeiou" };
            char::from(self.random.pick(from).copied().unwrap_or(b'a'))
        };
        (0..length).map(|_| letter()).collect()
    }

    fn certificate(&mut self, server: Server) {
        let lengths: &[f64] = match server {
            Server::Own => &[30.0, 90.0, 365.0, 365.0, 730.0, 3_650.0, 3_650.0, 3_650.0],
            Server::Domain => &[90.0, 90.0, 365.0, 398.0],
            Server::Provider => &[84.0, 365.0, 398.0, 730.0],
        };
        let valid = self.random.pick(lengths).copied().unwrap_or(90.0);
        let age = self.random.between(0.0, 300.0).min(valid * 0.9);
        let from = self.start - (age * DAY) as i64;
        let host = match &self.tls.sni {
            Some(sni) => sni.clone(),
            None => self.name(),
        };
        let tls = &mut self.tls;
        tls.cert_not_before = Some(Time(from));
        tls.cert_not_after = Some(Time(from.saturating_add((valid * DAY) as i64)));
        if server == Server::Own {
            // An organisation's own authority certifies the name that is asked for; malware signs what comes to its maker's mind.
            let named = self.by_class(0.25, 0.7);
            let subject = match (named, self.random.whole(0, 3)) {
                (true, _) | (_, 2) => format!("O=Organisation, CN={host}"),
                (_, 0) => "CN=localhost".to_owned(),
                (_, 1) => format!(
                    "C=US, ST=State, L=City, O=Organisation, CN={}",
                    self.random.pick(WORDS).copied().unwrap_or("x")
                ),
                _ => "CN=Server".to_owned(),
            };
            let own = self.by_class(0.7, 0.3);
            self.tls.cert_self_signed = Some(own);
            self.tls.cert_issuer = Some(if own { subject.clone() } else { "CN=Some CA".to_owned() });
            self.tls.cert_subject = Some(subject);
            self.tls.cert_names = (named && self.by_class(0.4, 0.8)).then(|| vec![host]);
        } else {
            let names = if server == Server::Domain {
                self.random.whole(1, if self.malware { 1 } else { 3 })
            } else {
                self.random.whole(1, if self.malware { 2 } else { 16 })
            };
            self.tls.cert_self_signed = Some(false);
            self.tls.cert_issuer = Some("C=US, O=Public Trust, CN=Public Trust CA 1".to_owned());
            self.tls.cert_subject = Some(format!("CN={host}"));
            self.tls.cert_names = Some(vec![host; names.unsigned_abs() as usize]);
        }
    }

    /// What people's programs do: pages, downloads, interfaces, connections kept ready, uploads, waiting for news.
    fn used(&mut self) {
        let kind = self.random.unit();
        let (turns, request, answer, wait) = match kind {
            x if x < 0.30 => (self.random.whole(2, 14), (350.0, 0.7), (6_000.0, 1.5), 200_000.0),
            x if x < 0.45 => (self.random.whole(1, 3), (300.0, 0.6), (60_000.0, 1.5), 100_000.0),
            x if x < 0.70 => (self.random.whole(1, 4), (900.0, 1.0), (700.0, 1.3), 300_000.0),
            x if x < 0.82 => (0, (1.0, 0.0), (1.0, 0.0), 0.0),
            x if x < 0.87 => (self.random.whole(1, 5), (20_000.0, 1.3), (400.0, 0.6), 300_000.0),
            x if x < 0.90 => return self.measured(),
            _ => return self.news(),
        };
        for _ in 0..turns {
            let (request, answer) = (self.size(request.0, request.1), self.size(answer.0, answer.1));
            let wait = self.size(wait, 1.0);
            self.turn(request, answer, wait);
        }
    }

    /// Waits for news: signs of life at equal intervals, and what happens.
    fn news(&mut self) {
        let (request, answer) = (self.size(600.0, 0.6), self.size(1_500.0, 1.0));
        self.turn(request, answer, 50_000.0);
        let (ping, pong, interval) = (self.size(60.0, 0.5), self.size(60.0, 0.5), self.size(2e7, 1.0));
        for _ in 0..self.random.whole(3, 20) {
            if self.random.chance(0.5) {
                let wait = interval * self.random.between(0.97, 1.03);
                self.turn(ping, pong, wait);
            } else {
                let (news, thanks, wait) = (self.size(300.0, 1.0), self.size(60.0, 0.6), self.size(5e6, 1.0));
                self.put(-news, wait);
                self.put(thanks, 50_000.0);
            }
        }
    }

    /// Reports at equal intervals what an agent measures.
    fn measured(&mut self) {
        let (report, thanks) = (self.size(700.0, 0.8), self.size(90.0, 0.7));
        let (interval, varies) = (self.log_uniform(1e6, 60e6), self.random.between(0.0, 0.3));
        for _ in 0..self.random.whole(3, 20) {
            let wait = interval * self.random.between(0.97, 1.03);
            let report = self.size(report, varies);
            self.put(report, wait);
            if self.random.chance(0.8) {
                self.put(-thanks, self.trip);
            }
        }
    }

    fn log_uniform(&mut self, least: f64, most: f64) -> f64 {
        self.random.between(least.ln(), most.ln()).exp()
    }

    /// What remote control does: checks in, keeps a line, is commanded, loads, carries off.
    fn controlled(&mut self) {
        match self.random.unit() {
            x if x < 0.50 => {
                let request = if self.random.chance(0.9) { self.size(380.0, 0.5) } else { self.size(3_000.0, 1.0) };
                let answer = if self.random.chance(0.82) { self.size(200.0, 0.6) } else { self.size(100_000.0, 1.3) };
                self.turn(request, answer, 20_000.0);
            }
            x if x < 0.62 => {
                let interval = self.random.between(1e6, 120e6);
                let (request, answer) = (self.size(300.0, 0.6), self.size(180.0, 0.6));
                for _ in 0..self.random.whole(3, 20) {
                    let answer = if self.random.chance(0.85) { answer } else { self.size(3_000.0, 1.0) };
                    let jitter = 1.0 - self.random.unit() * 0.3;
                    self.turn(request, answer, interval * jitter);
                }
            }
            x if x < 0.84 => self.line(),
            x if x < 0.92 => {
                let (request, answer) = (self.size(250.0, 0.5), self.size(400_000.0, 0.8));
                self.turn(request, answer, 20_000.0);
            }
            _ => {
                for _ in 0..self.random.whole(1, 6) {
                    let (request, answer, wait) =
                        (self.size(8_000.0, 1.3), self.size(200.0, 0.5), self.size(100_000.0, 1.0));
                    self.turn(request, answer, wait);
                }
            }
        }
    }

    /// A line that is kept: who it is, often a part of the program that is loaded, then signs of life, which the server asks for or
    /// the client sends, and commands with their results.
    fn line(&mut self) {
        let who = self.size(600.0, 0.7);
        self.put(who, 100_000.0);
        if self.random.chance(0.4) {
            let (part, wait) = (self.size(30_000.0, 1.3), self.size(100_000.0, 1.0));
            self.put(-part, wait);
        }
        let reports = self.random.chance(0.5);
        let (sign, interval) = (self.random.between(20.0, 200.0), self.log_uniform(0.5e6, 60e6));
        for _ in 0..self.random.whole(2, 20) {
            let wait = interval * self.random.between(0.97, 1.05);
            if self.random.chance(0.35) {
                let (command, wait) = (self.size(120.0, 0.7), self.size(5e6, 1.0));
                let (result, think) = (self.size(1_200.0, 1.2), self.size(100_000.0, 1.0));
                self.put(-command, wait);
                self.put(result, think);
            } else if reports {
                self.put(sign, wait);
            } else {
                self.put(-sign, wait);
                let answer = sign + self.random.between(-8.0, 8.0);
                self.put(answer, self.trip / 2.0);
            }
        }
    }

    fn finish(mut self) -> Simulated {
        let sum = |up: bool| {
            self.lengths.iter().filter(|l| (**l > 0) == up).map(|l| u64::from(l.unsigned_abs())).sum::<u64>()
        };
        let (up, down) = (sum(true) + 300, sum(false) + 300);
        let pair = self.pair(up, down);
        let mut length = self.times.iter().map(|&micros| i64::from(micros)).sum::<i64>().saturating_mul(1_000);
        // Connections are kept for what may come, by those of whom nothing more is asked less often.
        if self.by_class(0.2, 0.4) {
            length = length.saturating_add((self.size(20.0, 1.2) * 1e9) as i64);
        }
        let mut flow = Flow::default();
        if self.random.chance(COUNTED) {
            let eta = flow.eta.get_or_insert_default();
            let (src, dst) = (self.client_octets(up), self.server_octets(down));
            (eta.src_entropy, eta.dst_entropy) = (Some(src.entropy()), Some(dst.entropy()));
            (eta.src_byte_counts, eta.dst_byte_counts) = (Some(src.0.to_vec()), Some(dst.0.to_vec()));
        }
        self.lengths.truncate(50);
        self.times.truncate(50);
        flow.core.proto = 6;
        (flow.core.time_start, flow.core.time_end) = (Time(self.start), Time(self.start.saturating_add(length)));
        (flow.core.src_bytes, flow.core.dst_bytes) = (up, down);
        (flow.core.src_packets, flow.core.dst_packets) = (up / 700 + 3, down / 1_200 + 3);
        flow.splt = Some(Box::new(Splt { lengths: Some(self.lengths), times_micros: Some(self.times) }));
        flow.tls = Some(Box::new(self.tls));
        Simulated { flow, pair, malware: self.malware }
    }

    /// Counts of the first octets of the client: a hello with its name, and what is encrypted.
    fn client_octets(&mut self, sent: u64) -> Counts {
        let mut counts = Counts::default();
        let hello = self.lengths.first().copied().unwrap_or(0).unsigned_abs();
        let name = self.tls.sni.clone().unwrap_or_default();
        counts.text(name.as_bytes());
        if self.random.chance(0.7) {
            counts.text(b"\x02h2\x08http/1.1");
        }
        // Two random values of 32 octets and a share of a key; the rest is numbers of suites and extensions, and padding.
        let chance = hello.min(130);
        counts.chance(self.random, chance);
        let left = hello.saturating_sub(chance + name.len() as u32);
        counts.structure(self.random, left.min(150));
        counts.add(0, left.saturating_sub(150));
        let more = COUNTED_OCTETS.min(sent as u32).saturating_sub(hello);
        counts.chance(self.random, more);
        counts
    }

    /// Counts of the first octets of the server: certificates, where they are not encrypted, and what is encrypted.
    fn server_octets(&mut self, sent: u64) -> Counts {
        let mut counts = Counts::default();
        let all = COUNTED_OCTETS.min(sent as u32);
        let flight = self.lengths.get(1).copied().unwrap_or(0).unsigned_abs().min(all);
        let clear = if self.tls.cert_subject.is_some() { flight } else { flight.min(140) };
        if self.tls.cert_subject.is_some() {
            // Keys and signatures are near to chance; of the rest names, numbers of objects and addresses.
            let own = self.tls.cert_self_signed == Some(true) || self.tls.cert_names.is_none();
            let (chance, words) = (self.random.between(0.35, 0.55), self.random.between(0.2, 0.4));
            counts.chance(self.random, (f64::from(clear) * chance) as u32);
            for _ in 0..(f64::from(clear) * words) as u32 {
                counts.add(usize::from(self.random.pick(LETTERS).copied().unwrap_or(b'e')), 1);
            }
            let addresses = if own { self.random.whole(0, 3) } else { self.random.whole(8, 30) };
            counts.add(usize::from(b'/'), addresses.unsigned_abs());
            counts.structure(self.random, (f64::from(clear) * (1.0 - chance - words)) as u32);
        } else {
            counts.chance(self.random, clear.min(64));
            counts.structure(self.random, clear.saturating_sub(64));
        }
        counts.chance(self.random, all.saturating_sub(clear));
        counts
    }

    /// Earlier sessions of the same hosts, of which the program that watches makes what it makes of real ones. Programs that check
    /// in repeat themselves, with a jitter of up to a half of the interval, and carry the same as long as nothing is asked of
    /// them; they miss a check-in now and then, and are commanded in between. What people do comes in bursts; a few programs of
    /// theirs look for news at equal intervals.
    fn pair(&mut self, up: u64, down: u64) -> Option<PairContext> {
        if !self.by_class(0.6, 0.4) {
            return None;
        }
        let regular = self.by_class(0.85, 0.03);
        let interval = self.size(60.0, 1.3).max(2.0);
        let jitter = if self.random.chance(0.5) { 0.05 } else { 0.5 } * self.random.unit();
        let (missed, commanded) = (0.2 * self.random.unit().powi(2), 0.5 * self.random.unit().powi(3));
        // How much people's sessions with one server differ.
        let deviation = self.random.between(0.3, 1.5);
        let typical = self.random.chance(0.85);
        let mut pairs = Pairs::default();
        let mut flow = Flow::default();
        let mut back = 0.0;
        let mut starts: Vec<(f64, bool)> = Vec::new();
        for _ in 0..self.random.whole(3, 16) {
            if !regular {
                back += if self.random.chance(0.3) { self.random.between(0.0, 0.9) } else { self.size(interval, 1.5) };
                starts.push((back, true));
                continue;
            }
            back += interval * (1.0 - jitter * self.random.unit()) * if self.random.chance(missed) { 2.0 } else { 1.0 };
            starts.push((back, typical));
            if self.random.chance(commanded) {
                starts.push((back - self.random.between(0.0, 0.6 * interval), !typical));
            }
        }
        starts.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        for (back, same) in starts {
            let deviation = match (regular, same) {
                (false, _) => deviation,
                (true, true) => 0.02,
                (true, false) => 2.0,
            };
            let mut amount = |own: u64| self.size(own as f64, deviation) as u64;
            (flow.core.src_bytes, flow.core.dst_bytes) = (amount(up), amount(down));
            flow.core.time_start = Time(self.start.saturating_sub((back * 1e9) as i64));
            pairs.add(&flow);
        }
        (flow.core.src_bytes, flow.core.dst_bytes) = (up, down);
        flow.core.time_start = Time(self.start);
        pairs.add(&flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_of_both_classes_repeatable_and_bounded() {
        let sessions = sessions(400, 7);
        assert_eq!(sessions.iter().filter(|s| s.malware).count(), 200);
        assert_eq!(sessions.first().map(|s| &s.flow), super::sessions(400, 7).first().map(|s| &s.flow));
        for session in &sessions {
            let splt = session.flow.splt.as_ref().expect("lengths");
            let (lengths, times) =
                (splt.lengths.as_ref().expect("lengths"), splt.times_micros.as_ref().expect("times"));
            assert!(lengths.len() == times.len() && (3..=50).contains(&lengths.len()), "{lengths:?}");
        }
    }

    #[test]
    fn both_classes_use_all_versions_and_names() {
        for malware in [false, true] {
            let all = sessions(3_000, 1);
            let of: Vec<_> = all.iter().filter(|s| s.malware == malware).filter_map(|s| s.flow.tls.as_ref()).collect();
            assert!(of.iter().any(|tls| tls.version.as_deref() == Some("TLS 1.3")));
            assert!(of.iter().any(|tls| tls.sni.is_none()) && of.iter().any(|tls| tls.sni.is_some()));
            assert!(of.iter().any(|tls| tls.cert_self_signed == Some(true)));
        }
    }
}
