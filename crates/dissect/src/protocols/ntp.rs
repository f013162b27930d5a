// SPDX-License-Identifier: Apache-2.0
//! NTP (RFC 5905 §7.3) and SNTP (RFC 4330). Of control messages (mode 6, RFC 9327) and private ones (mode 7, as ntpd
//! answers them) only version and mode are told.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NTP",
    title: "Network Time Protocol",
    category: Category::SystemOs,
    spec: &["RFC 5905", "RFC 4330", "RFC 7822", "RFC 9327"],
    ports: &[123],
    max_state: 64,
    probe,
    start: |_| Box::new(Ntp),
    sample: &[(Side::Src, &SAMPLE_CLIENT), (Side::Dst, &SAMPLE_SERVER)],
    ..Protocol::DATAGRAM
};

/// The fixed part of the header (RFC 5905, figure 8).
struct Header {
    leap: u8,
    version: u8,
    mode: u8,
    stratum: u8,
    poll: i8,
    precision: i8,
    root_delay: u32,
    root_dispersion: u32,
    reference_id: u32,
    reference: u64,
    origin: u64,
    receive: u64,
    transmit: u64,
}

fn header(cursor: &mut Cursor<'_>) -> Result<Header, WireError> {
    let first = cursor.u8("ntp.flags")?;
    Ok(Header {
        leap: first >> 6,
        version: first >> 3 & 7,
        mode: first & 7,
        stratum: cursor.u8("ntp.stratum")?,
        poll: cursor.u8("ntp.poll")?.cast_signed(),
        precision: cursor.u8("ntp.precision")?.cast_signed(),
        root_delay: cursor.u32("ntp.root_delay")?,
        root_dispersion: cursor.u32("ntp.root_dispersion")?,
        reference_id: cursor.u32("ntp.reference_id")?,
        reference: cursor.u64("ntp.reference")?,
        origin: cursor.u64("ntp.origin")?,
        receive: cursor.u64("ntp.receive")?,
        transmit: cursor.u64("ntp.transmit")?,
    })
}

/// An NTP message has no magic number. The probe asks for a size that the format allows and for values of every field
/// that real clocks have together.
fn probe(_: Side, data: &[u8]) -> Verdict {
    let yes = match data.first().map(|first| first & 7) {
        Some(1..=5) => is_time(data),
        Some(6) => is_control(data),
        Some(7) => is_private(data),
        _ => false,
    };
    if yes { Verdict::Yes } else { Verdict::No }
}

fn is_time(data: &[u8]) -> bool {
    let mut cursor = Cursor::new(data);
    let Ok(h) = header(&mut cursor) else { return false };
    if !(1..=4).contains(&h.version) || h.stratum > 16 || !good_tail(cursor) {
        return false;
    }
    match h.mode {
        3 => h.is_bare() || h.is_of_one_that_tells(),
        // What a server answers with is taken at once (RFC 5905 §8): both times are close. A kiss of death has a
        // word for a reference, and may have no times (§7.4).
        4 => {
            let word = h.reference_id.to_be_bytes().iter().all(|b| b.is_ascii_uppercase());
            let kiss = h.stratum == 0 && word && (h.transmit == 0 || is_instant(h.transmit));
            kiss || h.is_of_a_clock() && is_instant(h.receive) && seconds(h.receive).abs_diff(seconds(h.transmit)) < 64
        }
        // Peers and broadcasts: of a set clock, or of one that says that it is not.
        _ if matches!(h.stratum, 0 | 16) => h.leap == 3 && h.is_of_one_that_tells(),
        _ => is_instant(h.reference) && h.reference_id != 0 && h.is_of_one_that_tells(),
    }
}

impl Header {
    /// A client's request that tells nothing of its clock: nothing but the transmit time, which can be missing
    /// (RFC 4330 §5) or any number (draft-ietf-ntp-data-minimization: poll 0 and precision 32 go with it).
    fn is_bare(&self) -> bool {
        let times = [self.reference, self.origin, self.receive];
        self.stratum == 0
            && self.has_a_poll()
            && matches!(self.precision, -32..=0 | 32)
            && times == [0; 3]
            && [self.root_delay, self.root_dispersion, self.reference_id] == [0; 3]
            && self.transmit_is_bare()
    }

    /// No transmit time, the time of a clock that can lack the fraction, or a number that fills all octets.
    fn transmit_is_bare(&self) -> bool {
        let (whole, fraction) = (seconds(self.transmit), self.transmit & 0xffff_ffff);
        // Without a time the rest says that it is a clock: that it is not set, nothing at all, or how often and how well.
        let clock = (4..=17).contains(&self.poll) && (-32..=-6).contains(&self.precision);
        let none = self.leap == 3 || self.poll == 0 && self.precision == 0 || clock;
        if self.transmit == 0 { none } else { is_instant(self.transmit) || whole != 0 && fraction != 0 }
    }

    /// Values that a clock can have. Some say that they are more precise than their time stamps (2^-32 seconds). Delay and dispersion are below 16 seconds where there is a source (MAXDIST and
    /// MAXDISP, RFC 5905 figure 6); some grow on without one.
    fn is_of_a_clock(&self) -> bool {
        let synchronised = (1..16).contains(&self.stratum);
        let most = if synchronised { 64 } else { 1_024 };
        self.has_a_poll()
            && PRECISIONS.contains(&self.precision)
            && self.root_delay >> 16 < most
            && self.root_dispersion >> 16 < most
            && (synchronised || self.leap == 3 || matches!(self.mode, 3 | 4))
            && is_instant(self.transmit)
    }

    /// Who tells of a clock tells how precise it is, and has no times that are far from each other.
    fn is_of_one_that_tells(&self) -> bool {
        self.precision < 0 && self.is_of_a_clock() && self.alike([self.reference, self.origin, self.receive])
    }

    /// MINPOLL is 4, MAXPOLL 17 (RFC 5905 figure 6); programs set 0 to 3 for faster ones, and negative ones.
    fn has_a_poll(&self) -> bool {
        (-6..=17).contains(&self.poll)
    }

    /// True where those of `times` that are set are within half a year of the transmit time.
    fn alike(&self, times: [u64; 3]) -> bool {
        let near = |time: u64| seconds(time).abs_diff(seconds(self.transmit)) >> 24 == 0;
        times.into_iter().all(|time| time == 0 || is_instant(time) && near(time))
    }
}

/// Precisions that clocks have, as exponents of two of seconds.
const PRECISIONS: std::ops::RangeInclusive<i8> = -40..=0;

fn seconds(time: u64) -> u64 {
    time >> 32
}

/// True for the time of a set clock, of this era or the next: all but the first half year of an era (RFC 5905 §6).
fn is_instant(time: u64) -> bool {
    time >> 56 != 0
}

/// Extension fields (RFC 7822 §3: 16 octets at least, in whole words), and a key identifier with what authenticates:
/// nothing, MD5, SHA-1, SHA-2, or what MS-SNTP §2.2.2 has.
fn good_tail(mut cursor: Cursor<'_>) -> bool {
    loop {
        if matches!(cursor.left(), 0 | 4 | 20 | 24 | 36 | 52 | 68 | 72) {
            return true;
        }
        let (Ok(_), Ok(length)) = (cursor.u16("ntp.extension_type"), cursor.u16("ntp.extension_length")) else {
            return false;
        };
        let length = usize::from(length);
        if length < 16 || !length.is_multiple_of(4) || cursor.skip(length - 4, "ntp.extension").is_err() {
            return false;
        }
    }
}

/// A control message (RFC 9327 §2): an operation that exists, a number that ties request and answer, and as many octets
/// as it says. A request has neither status nor offset.
fn is_control(data: &[u8]) -> bool {
    let Some(&[first, operation, number_high, number_low, status @ .., high, low]) = data.first_chunk::<12>() else {
        return false;
    };
    let count = usize::from(u16::from_be_bytes([high, low]));
    let whole = 12 + count.next_multiple_of(4);
    let answer = operation & 0x80 != 0;
    let bare = operation & 0x60 == 0 && matches!(status, [0, 0, _, _, 0, 0]);
    (2..=4).contains(&(first >> 3))
        && matches!(operation & 0x1f, 1..=12 | 31)
        && [number_high, number_low] != [0, 0]
        && (answer || bare)
        && count <= 468
        && (data.len() == 12 + count || matches!(data.len().checked_sub(whole), Some(0 | 20 | 24)))
}

/// A private message of ntpd: its implementation number, a request that exists, and items that fit.
fn is_private(data: &[u8]) -> bool {
    let [first, _, implementation, request, items_high, items_low, size_high, size_low] =
        data.get(..8).unwrap_or_default()
    else {
        return false;
    };
    let items = usize::from(u16::from_be_bytes([*items_high & 0x0f, *items_low]));
    let size = usize::from(u16::from_be_bytes([*size_high & 0x0f, *size_low]));
    let answer = first & 0x80 != 0;
    let fits =
        if answer { data.len() == 8 + items * size } else { data.len() <= 256 && 8 + items * size <= data.len() };
    first >> 3 & 7 == 2 && matches!(implementation, 2 | 3) && (1..=45).contains(request) && fits
}

struct Ntp;

impl Dissector for Ntp {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        let Some(first) = data.first() else { return Step::Continue(0) };
        let ntp = flow.ntp.get_or_insert_default();
        if ntp.version.is_none() {
            ntp.version = Some(first >> 3 & 7);
            ntp.mode = Some(mode_name(first & 7).into());
        }
        match header(&mut Cursor::new(data)) {
            Ok(h) if h.mode == 4 => {
                ntp.stratum = Some(h.stratum);
                Step::Done
            }
            _ => Step::Continue(data.len()),
        }
    }
}

fn mode_name(mode: u8) -> &'static str {
    match mode {
        1 => "symmetric_active",
        2 => "symmetric_passive",
        3 => "client",
        4 => "server",
        5 => "broadcast",
        6 => "control",
        _ => "private",
    }
}

const SAMPLE_CLIENT: [u8; 48] = {
    let mut message = [0; 48];
    message[0] = 0xe3;
    message[2] = 6;
    message[3] = 0xec;
    message[40] = 0xe9;
    message
};

const SAMPLE_SERVER: [u8; 48] = {
    let mut message = SAMPLE_CLIENT;
    message[0] = 0x24;
    message[1] = 2;
    message[32] = 0xe9;
    message
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_mode_and_stratum() {
        let mut flow = Flow::default();
        let mut ntp = Ntp;
        assert_eq!(ntp.feed(Side::Src, Input::Data(&SAMPLE_CLIENT), &mut flow), Step::Continue(48));
        assert_eq!(ntp.feed(Side::Dst, Input::Data(&SAMPLE_SERVER), &mut flow), Step::Done);
        let facts = flow.ntp.expect("facts");
        assert_eq!((facts.version, facts.mode.as_deref(), facts.stratum), (Some(4), Some("client"), Some(2)));
    }

    #[test]
    fn bare_requests_are_ntp() {
        for first in [0x0b, 0x13, 0x1b, 0x23, 0xdb, 0xe3] {
            let mut message = [0; 48];
            message[0] = first;
            assert_eq!(probe(Side::Src, &message), Verdict::Yes, "{first:02x} and zeros");
            message[3] = 32;
            message[40..].copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7]);
            assert_eq!(probe(Side::Src, &message), Verdict::Yes, "{first:02x} and any number");
            message[1] = 17;
            assert_eq!(probe(Side::Src, &message), Verdict::No, "a stratum that does not exist");
        }
    }

    #[test]
    fn other_sizes_are_not_ntp() {
        assert_eq!(probe(Side::Src, &[0xe3; 47]), Verdict::No);
        assert_eq!(probe(Side::Src, &[0; 48]), Verdict::No);
        for (more, verdict) in [(4, Verdict::Yes), (20, Verdict::Yes), (28, Verdict::No), (6, Verdict::No)] {
            let mut message = SAMPLE_CLIENT.to_vec();
            message.resize(48 + more, 0);
            assert_eq!(probe(Side::Src, &message), verdict, "{more} octets behind the header");
        }
        let mut extended = SAMPLE_CLIENT.to_vec();
        extended.extend([1, 4, 0, 28]);
        extended.resize(48 + 28, 0xaa);
        assert_eq!(probe(Side::Src, &extended), Verdict::Yes, "one extension field");
    }

    #[test]
    fn a_server_answers_at_once_or_refuses() {
        let mut late = SAMPLE_SERVER;
        late[34] = 1;
        assert_eq!(probe(Side::Dst, &late), Verdict::No);
        let mut unset = [0; 48];
        unset[0] = 0x1c;
        unset[32] = 0xe9;
        unset[40] = 0xe9;
        assert_eq!(probe(Side::Dst, &unset), Verdict::Yes, "no stratum, and still the time");
        let mut kiss = [0; 48];
        kiss[0] = 0xe4;
        kiss[12..16].copy_from_slice(b"RATE");
        assert_eq!(probe(Side::Dst, &kiss), Verdict::Yes);
    }

    #[test]
    fn control_and_private_messages() {
        let mut flow = Flow::default();
        let variables = [0x16, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(probe(Side::Src, &variables), Verdict::Yes);
        assert_eq!(probe(Side::Src, &variables[..11]), Verdict::No);
        let monitors = [0x17, 0, 3, 42, 0, 0, 0, 0];
        assert_eq!(probe(Side::Src, &monitors), Verdict::Yes);
        assert_eq!(Ntp.feed(Side::Src, Input::Data(&monitors), &mut flow), Step::Continue(8));
        let facts = flow.ntp.expect("facts");
        assert_eq!((facts.version, facts.mode.as_deref()), (Some(2), Some("private")));
    }
}
