// SPDX-License-Identifier: Apache-2.0
//! SSH up to the start of its encryption: identification strings (RFC 4253 §4.2) and key exchange
//! initialisation of both sides (§7.1), with the HASSH fingerprints over their algorithms. Lines that
//! a server may send before its identification are not supported.

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::text::{begins, line, some_text};
use crate::fingerprint::md5_hex;
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SSH",
    title: "Secure Shell",
    category: Category::RemoteAccess,
    spec: &["RFC 4253", "HASSH (Salesforce, 2018)"],
    ports: &[22, 2222],
    encrypted: true,
    max_state: 2 * PACKET_MAX,
    probe,
    start: |_| Box::new(Ssh::default()),
    sample: &[(Side::Src, SAMPLE_CLIENT), (Side::Dst, SAMPLE_SERVER)],
    ..Protocol::STREAM
};

/// Longest packet that is waited for; initialisations are 500 to 2,500 octets long.
const PACKET_MAX: usize = 16_384;
/// Longest identification string; the standard says 255.
const BANNER_MAX: usize = 512;
/// Lines that a server may say before its identification (§4.2): a notice for people.
const LINES_MAX: u8 = 64;
/// Octets of a finished side after which the other side is not waited for any more.
const PATIENCE: usize = 65_536;

/// Whether a stream begins with a key exchange's initialisation (§7.1), its identification unseen: length, padding, the
/// message, sixteen octets of chance, and a list of names.
fn initialises(data: &[u8]) -> Verdict {
    let possible = match data {
        [0, 0, high, _, padding @ 4..=31, 20, ..] => (1..0x40).contains(high) && *padding > 3,
        [0, 0, 1..0x40] | [0, 0, 1..0x40, _] | [0, 0, 1..0x40, _, 4..32] | [0] | [0, 0] => true,
        _ => false,
    };
    let names = data.get(26..).unwrap_or_default();
    let list = matches!(data.get(22..26), Some([0, 0, 0..4, _])) && names.iter().take(24).all(|c| c.is_ascii_graphic());
    match (possible, names.len() >= 24) {
        (true, true) if list => Verdict::Yes,
        (true, false) => Verdict::Maybe,
        _ => Verdict::No,
    }
}

fn probe(_: Side, data: &[u8]) -> Verdict {
    if data.first() == Some(&0) {
        return initialises(data);
    }
    match (begins(data, b"SSH-2.0-"), begins(data, b"SSH-1.")) {
        (Verdict::Yes, _) | (_, Verdict::Yes) => Verdict::Yes,
        (Verdict::No, Verdict::No) => Verdict::No,
        _ => Verdict::Maybe,
    }
}

/// Where one side stands.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Banner,
    Packet,
    Finished,
}

#[derive(Default)]
struct Ssh {
    place: [Place; 2],
    unseen: usize,
    /// Lines of the server in front of its identification.
    lines: u8,
}

impl Dissector for Ssh {
    fn feed(&mut self, side: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return self.finish(side, 0) };
        match self.place[side.index()] {
            Place::Banner if data.first() == Some(&0) => {
                self.place[side.index()] = Place::Packet;
                self.packet(side, data, flow)
            }
            Place::Banner => self.banner(side, data, flow),
            Place::Packet => self.packet(side, data, flow),
            Place::Finished => {
                self.unseen = self.unseen.saturating_add(data.len());
                if self.unseen > PATIENCE { Step::Done } else { Step::Continue(data.len()) }
            }
        }
    }
}

impl Ssh {
    fn finish(&mut self, side: Side, used: usize) -> Step {
        self.place[side.index()] = Place::Finished;
        if self.place == [Place::Finished; 2] { Step::Done } else { Step::Continue(used) }
    }

    fn banner(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let Some((line, n)) = line(data) else {
            return if data.len() > BANNER_MAX { self.finish(side, data.len()) } else { Step::Continue(0) };
        };
        // `SSH-protoversion-softwareversion SP comments`
        let mut parts = line.splitn(3, |b| *b == b'-');
        let (magic, version, software) = (parts.next(), parts.next().unwrap_or_default(), parts.next());
        if magic != Some(b"SSH") {
            self.lines = self.lines.saturating_add(1);
            let notice = side == Side::Dst && self.lines <= LINES_MAX;
            return if notice { Step::Continue(n) } else { self.finish(side, n) };
        }
        let software = software.and_then(|s| some_text(s, 255));
        let ssh = flow.ssh.get_or_insert_default();
        match side {
            Side::Src => ssh.client = software,
            Side::Dst => ssh.server = software,
        }
        if !matches!(version, b"2.0" | b"1.99") {
            return self.finish(side, n);
        }
        self.place[side.index()] = Place::Packet;
        Step::Continue(n)
    }

    fn packet(&mut self, side: Side, data: &[u8], flow: &mut Flow) -> Step {
        let Some((length, rest)) = data.split_first_chunk::<4>() else { return Step::Continue(0) };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        if length > PACKET_MAX - 4 {
            return self.finish(side, data.len());
        }
        let Some(packet) = rest.get(..length) else { return Step::Continue(0) };
        if let Ok(lists) = initialisation(packet) {
            let ssh = flow.ssh.get_or_insert_default();
            match side {
                Side::Src => ssh.hassh = Some(hassh(&lists, 0)),
                Side::Dst => ssh.hassh_server = Some(hassh(&lists, 1)),
            }
        }
        self.finish(side, length + 4)
    }
}

/// The ten name-lists of SSH_MSG_KEXINIT (RFC 4253 §7.1).
fn initialisation(packet: &[u8]) -> Result<[&[u8]; 10], WireError> {
    let mut cursor = Cursor::new(packet);
    cursor.skip(1, "ssh.padding_length")?;
    let message = cursor.u8("ssh.message")?;
    if message != 20 {
        return Err(cursor.bad(1, "ssh.message", message.into(), "20, SSH_MSG_KEXINIT"));
    }
    cursor.skip(16, "ssh.cookie")?;
    let mut lists: [&[u8]; 10] = [&[]; 10];
    for list in &mut lists {
        let n = cursor.u32("ssh.name_list")?;
        *list = cursor.take(usize::try_from(n).unwrap_or(usize::MAX), "ssh.name_list")?;
    }
    Ok(lists)
}

/// HASSH: key exchange, encryption, authentication and compression of one direction, joined by semicolons.
fn hassh(lists: &[&[u8]; 10], direction: usize) -> String {
    let [kex, _, pairs @ ..] = lists;
    let of = |at: usize| String::from_utf8_lossy(pairs.get(at + direction).copied().unwrap_or_default());
    md5_hex(&format!("{};{};{};{}", String::from_utf8_lossy(kex), of(0), of(2), of(4)))
}

const SAMPLE_CLIENT: &[u8] = b"SSH-2.0-Sample_1.0 test\r\n\
    \x00\x00\x00\x63\x04\x14................\
    \x00\x00\x00\x08kex-algo\x00\x00\x00\x04host\x00\x00\x00\x03aes\x00\x00\x00\x04aes2\x00\x00\x00\x04hmac\
    \x00\x00\x00\x05hmac2\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00....";
const SAMPLE_SERVER: &[u8] = b"SSH-2.0-Server_2.0\r\n\
    \x00\x00\x00\x63\x04\x14................\
    \x00\x00\x00\x08kex-algo\x00\x00\x00\x04host\x00\x00\x00\x03aes\x00\x00\x00\x04aes2\x00\x00\x00\x04hmac\
    \x00\x00\x00\x05hmac2\x00\x00\x00\x04none\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00....";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_may_say_something_before_its_identification() {
        let server = |notice: usize| {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 22));
            let said = [b"Authorised use only.\r\n".repeat(notice), b"SSH-2.0-a_1\r\n".to_vec()].concat();
            classifier.stream(Side::Src, Input::Data(b"SSH-2.0-b\r\n"), &mut flow);
            said.chunks(9).for_each(|piece| classifier.stream(Side::Dst, Input::Data(piece), &mut flow));
            flow.ssh.and_then(|ssh| ssh.server)
        };
        assert_eq!(server(2).as_deref(), Some("a_1"));
        assert_eq!(server(100), None, "not for ever");
    }

    #[test]
    fn banners_and_fingerprints() {
        let mut flow = Flow::default();
        let mut ssh = Ssh::default();
        for (side, data) in PROTOCOL.sample {
            let Step::Continue(n) = ssh.feed(*side, Input::Data(data), &mut flow) else { panic!("banner") };
            ssh.feed(*side, Input::Data(&data[n..]), &mut flow);
        }
        let facts = flow.ssh.expect("facts");
        assert_eq!((facts.client.as_deref(), facts.server.as_deref()), (Some("Sample_1.0 test"), Some("Server_2.0")));
        assert_eq!(facts.hassh, Some(md5_hex("kex-algo;aes;hmac;none")));
        assert_eq!(facts.hassh_server, Some(md5_hex("kex-algo;aes2;hmac2;")));
    }
}
