// SPDX-License-Identifier: Apache-2.0
//! NTP (RFC 5905 §7.3) and SNTP. Of control messages (mode 6, RFC 9327) and private ones (mode 7) only
//! the mode is told.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use crate::{Dissector, Input, Protocol, Side, Step, Transport, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "NTP",
    title: "Network Time Protocol",
    spec: &["RFC 5905", "RFC 9327"],
    transport: Transport::Datagram,
    ports: &[123],
    encrypted: false,
    max_state: 64,
    probe,
    start: |_| Box::new(Ntp),
    sample: &[(Side::Src, &SAMPLE_CLIENT), (Side::Dst, &SAMPLE_SERVER)],
};

/// The fixed part of the header.
struct Header {
    leap: u8,
    version: u8,
    mode: u8,
    stratum: u8,
    poll: i8,
    precision: i8,
    root_delay: u32,
    transmit: u64,
}

fn header(data: &[u8]) -> Result<Header, WireError> {
    let mut cursor = Cursor::new(data);
    let first = cursor.u8("ntp.flags")?;
    let stratum = cursor.u8("ntp.stratum")?;
    let poll = cursor.u8("ntp.poll")?.cast_signed();
    let precision = cursor.u8("ntp.precision")?.cast_signed();
    let root_delay = cursor.u32("ntp.root_delay")?;
    cursor.skip(32, "ntp.timestamps")?;
    let transmit = cursor.u64("ntp.transmit")?;
    Ok(Header {
        leap: first >> 6,
        version: first >> 3 & 7,
        mode: first & 7,
        stratum,
        poll,
        precision,
        root_delay,
        transmit,
    })
}

/// An NTP message has no magic number. The probe asks for a size that the format allows and for values of
/// every field of the header that real clocks have; random octets pass about once in 10^6.
fn probe(_: Side, data: &[u8]) -> Verdict {
    // 48 octets, and then extension fields or a MAC: multiples of 4 (RFC 5905 §7.3, RFC 7822).
    if data.len() < 48 || data.len() > 1_024 || !data.len().is_multiple_of(4) {
        return Verdict::No;
    }
    let Ok(h) = header(data) else { return Verdict::No };
    let plausible = (1..=4).contains(&h.version)
        && (1..=5).contains(&h.mode)
        && h.stratum <= 16
        && (-6..=17).contains(&h.poll)
        && (h.precision <= 0 && h.precision >= -40 || h.precision == 0)
        && h.root_delay >> 16 < 64
        && (h.leap == 3 || h.transmit != 0);
    if plausible { Verdict::Yes } else { Verdict::No }
}

struct Ntp;

impl Dissector for Ntp {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Continue(0) };
        let Ok(h) = header(data) else { return Step::Continue(data.len()) };
        let ntp = flow.ntp.get_or_insert_default();
        if ntp.version.is_none() {
            ntp.version = Some(h.version);
            ntp.mode = Some(mode_name(h.mode).into());
        }
        if h.mode == 4 {
            ntp.stratum = Some(h.stratum);
            return Step::Done;
        }
        Step::Continue(data.len())
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
    fn other_sizes_are_not_ntp() {
        assert_eq!(probe(Side::Src, &[0xe3; 47]), Verdict::No);
        assert_eq!(probe(Side::Src, &[0; 48]), Verdict::No);
    }
}
