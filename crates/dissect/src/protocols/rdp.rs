// SPDX-License-Identifier: Apache-2.0
//! Remote Desktop: X.224 connection request and confirm inside TPKT (MS-RDPBCGR §2.2.1.1, §2.2.1.2; RFC 1006 §6;
//! X.224 §13.3). Behind the confirm, TLS is probed; without it, the channels that the
//! client asks for (§2.2.1.3.4) are searched for one by which a known hole is used. Other users of the same frames (S7, MMS, T.120)
//! put other things into the request's variable part.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::tell::{be16, contains};
use super::text::{is_tls, line, some_text};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "RDP",
    title: "Remote Desktop Protocol",
    category: Category::RemoteAccess,
    spec: &["MS-RDPBCGR", "RFC 1006", "ITU-T X.224"],
    ports: &[3389],
    encrypted: true,
    max_state: 2_048,
    probe,
    start: |_| Box::new(Rdp::default()),
    sample: &[(Side::Src, SAMPLE_REQUEST), (Side::Dst, SAMPLE_CONFIRM)],
    ..Protocol::STREAM
};

/// The fixed part of either message.
struct Frame<'a> {
    /// Octets with the TPKT header.
    length: usize,
    confirm: bool,
    /// What came of the variable part.
    variable: Cursor<'a>,
}

fn frame(data: &[u8]) -> Result<Frame<'_>, WireError> {
    let mut cursor = Cursor::new(data);
    let version = cursor.u16("tpkt.version")?;
    let length = usize::from(cursor.u16("tpkt.length")?);
    if version != 0x0300 || !(11..=512).contains(&length) {
        return Err(cursor.bad(4, "tpkt.version", version.into(), "3"));
    }
    let indicator = usize::from(cursor.u8("x224.length")?);
    let code = cursor.u8("x224.code")?;
    // The request names no destination yet; class 0 without options is all that RDP uses.
    let destination = cursor.u16("x224.dst_ref")?;
    let _source = cursor.u16("x224.src_ref")?;
    let class = cursor.u8("x224.class")?;
    let confirm = code == 0xd0;
    if indicator + 5 != length || !matches!(code, 0xd0 | 0xe0) || class != 0 || !confirm && destination != 0 {
        return Err(cursor.bad(7, "x224.code", code.into(), "a connection request or confirm"));
    }
    let n = cursor.left().min(length - 11);
    Ok(Frame { length, confirm, variable: cursor.sub(n, "x224.variable")? })
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    let frame = match frame(data) {
        Ok(frame) => frame,
        Err(error) if error.is_short() && possible(data) => return Verdict::Maybe,
        Err(_) => return Verdict::No,
    };
    match (frame.confirm, frame.variable.peek()) {
        // A cookie, a load balancer's token (§2.2.1.1), or what the client can do.
        (false, Some(b'C' | b't' | 0x01)) => Verdict::Yes,
        (true, Some(0x02 | 0x03)) if frame.length == 19 => Verdict::Yes,
        (_, None) if frame.length > 11 => Verdict::Maybe,
        (true, Some(_)) | (false, Some(0..=0x0c | 0x0e..)) => Verdict::No,
        // Old clients send nothing more, or an empty line; what follows must then be a T.125 Connect-Initial (MS-RDPBCGR
        // §2.2.1.3).
        (_, None | Some(b'\r')) => match data.get(frame.length..) {
            _ if frame.length > 13 || frame.length > 11 && !b"\r\n".starts_with(frame.variable.rest()) => Verdict::No,
            Some([0x03, 0x00, _, _, 0x02, 0xf0, 0x80, 0x7f, 0x65 | 0x66, ..]) => Verdict::Yes,
            Some(rest) if rest.len() < 9 => Verdict::Maybe,
            _ => Verdict::No,
        },
    }
}

/// Whether the first octets can still become a request or confirm.
fn possible(data: &[u8]) -> bool {
    let mut cursor = Cursor::new(data);
    let good = |found: Option<u8>, wanted: &[u8]| found.is_none_or(|b| wanted.contains(&b));
    let mut next = || cursor.u8("tpkt").ok();
    let (version, reserved, high, _low, _indicator, code) = (next(), next(), next(), next(), next(), next());
    good(version, &[3]) && good(reserved, &[0]) && good(high, &[0, 1, 2]) && good(code, &[0xd0, 0xe0])
}

#[derive(Default)]
struct Rdp {
    requested: bool,
}

impl Dissector for Rdp {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if self.requested && is_tls(data) {
            return Step::Inner(0);
        }
        if self.requested && data.starts_with(&[3, 0]) && data.get(4..).is_some_and(|rest| rest.starts_with(CONNECT)) {
            return connect(data, flow);
        }
        let frame = match frame(data) {
            Ok(frame) => frame,
            Err(error) if error.is_short() => return Step::Continue(0),
            Err(_) if self.requested => return Step::Done,
            Err(_) => return Step::Mistaken,
        };
        if data.len() < frame.length {
            return Step::Continue(0);
        }
        if frame.confirm {
            return confirm(frame.variable, frame.length, flow);
        }
        let Ok(cookie) = request(frame.variable) else { return Step::Mistaken };
        self.requested = true;
        flow.rdp.get_or_insert_default().cookie = cookie;
        Step::Continue(frame.length)
    }
}

/// Cookie or routing token, as text up to its line end, before the negotiation request.
fn request(variable: Cursor<'_>) -> Result<Option<String>, WireError> {
    let Some((line, n)) = line(variable.rest()) else {
        return match variable.peek() {
            None | Some(0x01) => Ok(None),
            Some(other) => Err(variable.bad(0, "rdp.cookie", other.into(), "a line")),
        };
    };
    let negotiation = variable.rest().get(n..).unwrap_or_default();
    match line.strip_prefix(b"Cookie: ") {
        Some(cookie) => Ok(some_text(cookie.strip_prefix(b"mstshash=").unwrap_or(cookie), 128)),
        // No cookie: the line feed stood in the negotiation request by chance.
        None if line.is_empty() || variable.peek() == Some(0x01) => Ok(None),
        None => Err(variable.bad(0, "rdp.cookie", negotiation.len() as u64, "a cookie")),
    }
}

/// What the server chose (MS-RDPBCGR §2.2.1.2.1); a confirm without it means the old security.
fn confirm(mut variable: Cursor<'_>, length: usize, flow: &mut Flow) -> Step {
    let kind = variable.u8("rdp.neg_type");
    let chosen = variable.skip(3, "rdp.neg_flags").and_then(|()| variable.u32_le("rdp.protocol"));
    let security = match (kind, chosen) {
        (Err(_), _) | (Ok(2), Ok(0)) => "rdp",
        (Ok(2), Ok(1)) => "tls",
        (Ok(2), Ok(2 | 8)) => "credssp",
        (Ok(2), Ok(4)) => "rdstls",
        (Ok(2), Ok(16)) => "rdsaad",
        _ => return Step::Done,
    };
    flow.rdp.get_or_insert_default().security = Some(security.into());
    if security == "rdp" { Step::Continue(length) } else { Step::Inner(length) }
}

/// Data of X.224 that begin with T.125's Connect-Initial.
const CONNECT: &[u8] = &[0x02, 0xf0, 0x80, 0x7f, 0x65];
/// Longest Connect-Initial that is searched.
const CONNECT_MAX: usize = 1_400;
/// A channel that servers make for themselves: no client asks for it by name but to use CVE-2019-0708.
const RESERVED: &[u8] = b"MS_T120\0";

fn connect(data: &[u8], flow: &mut Flow) -> Step {
    let length = be16(data, 2).unwrap_or_default();
    let Some(message) = data.get(..length.min(CONNECT_MAX)) else { return Step::Continue(0) };
    if contains(&message.to_ascii_uppercase(), RESERVED) {
        risk::note(flow, &risk::EXPLOIT_ATTEMPT, &["CVE-2019-0708 (BlueKeep)", "the channels asked for"]);
    }
    Step::Done
}

const SAMPLE_REQUEST: &[u8] =
    b"\x03\x00\x00\x2a\x25\xe0\x00\x00\x00\x00\x00Cookie: mstshash=user\r\n\x01\x00\x08\x00\x03\x00\
        \x00\x00";
const SAMPLE_CONFIRM: &[u8] = b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_and_security() {
        let mut flow = Flow::default();
        let mut rdp = Rdp::default();
        assert_eq!(rdp.feed(Side::Src, Input::Data(SAMPLE_REQUEST), &mut flow), Step::Continue(42));
        assert_eq!(rdp.feed(Side::Dst, Input::Data(SAMPLE_CONFIRM), &mut flow), Step::Inner(19));
        let facts = flow.rdp.expect("facts");
        assert_eq!((facts.cookie.as_deref(), facts.security.as_deref()), (Some("user"), Some("credssp")));
    }

    #[test]
    fn a_channel_that_is_not_for_clients() {
        let tried = |name: &[u8]| {
            let body = [CONNECT, &[0x82, 1, 0], &[0; 40], b"rdpdr\0\0\0\0\0\x80\x80", name, &[0; 20]].concat();
            let length = u16::try_from(body.len() + 4).expect("short").to_be_bytes();
            let message = [&[3, 0][..], &length, &body].concat();
            let confirm = b"\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00";
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 1, 3389));
            for (side, data) in [(Side::Src, SAMPLE_REQUEST), (Side::Dst, &confirm[..]), (Side::Src, &message)] {
                data.chunks(7).for_each(|piece| classifier.stream(side, Input::Data(piece), &mut flow));
            }
            flow.risk.is_some()
        };
        assert!(tried(b"MS_T120\0\0\0\0\0"));
        assert!(!tried(b"cliprdr\0\0\0\xa0\xc0"));
    }

    #[test]
    fn the_request_of_a_controller_is_not_rdp() {
        let s7 = b"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02";
        assert_eq!(probe(Side::Src, s7), Verdict::No);
    }
}
