// SPDX-License-Identifier: Apache-2.0
//! SMB 1 (MS-CIFS, MS-SMB) and SMB 2 and 3 (MS-SMB2) over direct TCP or the NetBIOS session service (RFC 1002
//! §4.3): dialect, share, who logs in by NTLM and whether that succeeds, what is opened, renamed and deleted, calls of DCE/RPC through pipes, and messages
//! by which known holes are used. Of each
//! message only its beginning is looked at. Encrypted messages end it.

use std::borrow::Cow;

use minamo_base::{Cursor, WireError};
use minamo_model::Flow;

use super::tell::{at, le16, le32, u8_at};
use super::text::{some_text, utf16};
use super::{dcerpc, login, ntlm, smb_files};
use crate::{Category, Dissector, Input, Protocol, Side, Step, Verdict, risk};

/// The registry's row of version 1.
pub(super) static VERSION_1: Protocol = Protocol {
    name: "SMBv1",
    title: "Server Message Block 1",
    category: Category::SystemOs,
    spec: &["MS-CIFS", "MS-SMB", "RFC 1002"],
    ports: &[139, 445],
    max_state: 4_096,
    probe: |_, data| probe(data, 0xff),
    start: |_| Box::new(Smb::default()),
    sample: &[(Side::Src, SAMPLE_1)],
    ..Protocol::STREAM
};

/// The registry's row of versions 2 and 3.
pub(super) static VERSION_2: Protocol = Protocol {
    name: "SMBv23",
    title: "Server Message Block 2 and 3",
    category: Category::SystemOs,
    spec: &["MS-SMB2", "RFC 1002"],
    ports: &[139, 445],
    max_state: 4_096,
    probe: |_, data| probe(data, 0xfe),
    start: |_| Box::new(Smb::default()),
    sample: &[(Side::Dst, SAMPLE_ANSWER), (Side::Src, SAMPLE_TREE)],
    ..Protocol::STREAM
};

/// Octets of a message that are looked at.
const LOOK: usize = 1_024;
/// Messages after which the session is left alone.
const MESSAGES_MAX: u32 = 512;
/// Names of files and pipes that are kept.
const FILES_MAX: usize = 16;

/// Looks behind the packets that set up a NetBIOS session for the first message, and at its identifier.
fn probe(data: &[u8], version: u8) -> Verdict {
    let mut rest = data;
    loop {
        match *rest {
            // Session request with two encoded names; answers; keep alive.
            [0x81, 0, 0, 0x44, ref names @ ..] if names.first().is_none_or(|n| *n == 0x20) => {
                let Some(behind) = names.get(0x44..) else { return Verdict::Maybe };
                rest = behind;
            }
            [0x82 | 0x85, 0, 0, 0, ref behind @ ..] => rest = behind,
            [0, high, _, _, 0xff, b'S', b'M', b'B', ..] if high < 2 => return yes_if(version == 0xff),
            // The header's size follows (MS-SMB2 §2.2.1); a transform header is longer (§2.2.41).
            [0, _, _, _, 0xfe, b'S', b'M', b'B', 64, 0, ..] => return yes_if(version == 0xfe),
            [0, _, _, _, 0xfd, b'S', b'M', b'B', _, _, ..] => return yes_if(version == 0xfe),
            [] | [0x81 | 0x82 | 0x85] | [0x81 | 0x82 | 0x85, 0] | [0x81 | 0x82 | 0x85, 0, 0] => return Verdict::Maybe,
            [0, ..] if rest.len() < 10 => return maybe(rest, version),
            _ => return Verdict::No,
        }
    }
}

fn yes_if(yes: bool) -> Verdict {
    if yes { Verdict::Yes } else { Verdict::No }
}

/// Whether a cut beginning can still become a message of that version.
fn maybe(data: &[u8], version: u8) -> Verdict {
    let magic = data.get(4..).unwrap_or_default();
    let version = magic.first().is_none_or(|v| *v == version || version == 0xfe && *v == 0xfd);
    let name = magic.iter().skip(1).zip(b"SMB\x40").all(|(found, wanted)| found == wanted);
    if version && name { Verdict::Maybe } else { Verdict::No }
}

#[derive(Default)]
struct Smb {
    messages: u32,
    newer: bool,
    /// A session was set up over NetBIOS (RFC 1002 §4.3.2).
    session: bool,
    /// Multiplex identifier of a transaction of version 1 that is larger than its older kind can be.
    large: Option<usize>,
    /// Calls through pipes.
    calls: dcerpc::Calls,
    /// Reads that were not answered yet.
    reads: smb_files::Reads,
}

impl Dissector for Smb {
    fn feed(&mut self, _: Side, input: Input<'_>, flow: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        let Some((&[kind, high, middle, low], rest)) = data.split_first_chunk::<4>() else { return Step::Continue(0) };
        let length = usize::try_from(u32::from_be_bytes([0, high, middle, low])).unwrap_or(usize::MAX);
        if !matches!(kind, 0 | 0x81..=0x85) {
            return if self.messages == 0 { Step::Mistaken } else { Step::Done };
        }
        self.session |= kind == 0x81 || kind == 0x82;
        let Some(head) = rest.get(..length.min(LOOK)) else { return Step::Continue(0) };
        if kind == 0 && self.message(head, flow).is_err() && self.messages == 0 {
            return Step::Mistaken;
        }
        self.messages += u32::from(kind == 0);
        let encrypted = head.first() == Some(&0xfd);
        if encrypted || self.messages > MESSAGES_MAX { Step::Done } else { Step::Continue(length + 4) }
    }

    fn name(&self) -> Option<&'static str> {
        match (self.session, self.newer) {
            (true, true) => Some("NetBIOS.SMBv23"),
            (true, false) => Some("NetBIOS.SMBv1"),
            (false, newer) => newer.then_some(VERSION_2.name),
        }
    }
}

impl Smb {
    fn message(&mut self, head: &[u8], flow: &mut Flow) -> Result<(), WireError> {
        let mut cursor = Cursor::new(head);
        match cursor.array::<4>("smb.protocol")? {
            [0xff, b'S', b'M', b'B'] => {
                let _read: Option<()> = self.request_1(head, flow);
                let _read: Option<()> = self.reads.version_1(head, flow);
                version_1(head, flow)
            }
            [0xfe, b'S', b'M', b'B'] => {
                self.newer = true;
                version_2(head, flow, self)
            }
            [0xfd, b'S', b'M', b'B'] => {
                self.newer = true;
                Ok(())
            }
            [0xfc, b'S', b'M', b'B'] => {
                self.newer = true;
                compressed(head, flow);
                Ok(())
            }
            [first, ..] => Err(cursor.bad(4, "smb.protocol", first.into(), "an SMB identifier")),
        }
    }
}

impl Smb {
    /// What is opened and what goes into pipes, by requests of version 1 (MS-CIFS §2.2.4.64, §2.2.4.43, §2.2.5.6); the answer to
    /// a login (§2.2.4.53). Places are counted from the header on.
    fn request_1(&mut self, head: &[u8], flow: &mut Flow) -> Option<()> {
        let answer = u8_at(head, 9)? & 0x80 != 0;
        let unicode = le16(head, 10)? & 0x8000 != 0;
        let words = u8_at(head, 32)?;
        let number = le16(head, 30)?;
        match (u8_at(head, 4)?, answer) {
            // Rename and Delete (MS-CIFS §2.2.4.8, §2.2.4.7).
            (0x07, false) => renamed(flow),
            (0x06, false) => deleted(flow),
            // A transaction of 32 bits that is continued as one of 16 bits: the server takes the length of the one for the other.
            (0xa0, false) if le32(head, 40)? > 0xffff => self.large = Some(number),
            (0x33, false) if self.large == Some(number) => {
                risk::note(flow, &risk::EXPLOIT_ATTEMPT, &["MS17-010 (EternalBlue)", "transactions of SMB 1"]);
            }
            // A subcommand that no server has (MS-CIFS §2.2.6).
            (0x32, false) if words >= 15 && le16(head, 61)? == 0x0e => {
                risk::note(flow, &risk::EXPLOIT_ATTEMPT, &["the backdoor DoublePulsar", "a transaction of SMB 1"]);
            }
            // A guest (Action, bit 0) gave no password that was looked at.
            (0x73, true) => outcome(le32(head, 5)?, words > 0 && le16(head, 37)? & 1 != 0, flow),
            (0xa2, false) if words == 24 => {
                let length = le16(head, 38)?;
                let name = at(head, 83 + usize::from(unicode), length)?;
                opened(path(name, unicode), flow);
            }
            (0x2f, false) if words >= 12 => {
                let pipe = u64::try_from(le16(head, 37)?).unwrap_or(0);
                self.calls.fragment(pipe, head.get(le16(head, 55)?..)?, flow)?;
            }
            // TransactNmPipe.
            (0x25, false) if words >= 16 && le16(head, 61)? == 0x26 => {
                let pipe = u64::try_from(le16(head, 63)?).unwrap_or(0);
                self.calls.fragment(pipe, head.get(le16(head, 57)?..)?, flow)?;
            }
            _ => {}
        }
        Some(())
    }
}

/// Counts the answer to a login by its status (MS-ERREF §2.3.1); one that asks for another round is none yet.
fn outcome(status: usize, guest: bool, flow: &mut Flow) {
    match status {
        0 if !guest => login::succeeded(flow),
        // Unknown user, wrong password, login failure, account restricted, disabled, locked; password expired.
        0xc000_0064 | 0xc000_006a | 0xc000_006d | 0xc000_006e | 0xc000_0071 | 0xc000_0072 | 0xc000_0234 => {
            login::failed(flow);
        }
        _ => {}
    }
}

/// A compressed message (MS-SMB2 §2.2.42.1) whose lengths are more than 32 bits together: CVE-2020-0796.
fn compressed(head: &[u8], flow: &mut Flow) {
    let number = |place| at(head, place, 4).and_then(|octets| Some(u32::from_le_bytes(octets.try_into().ok()?)));
    let (Some(original), Some(flags), Some(offset)) = (number(4), le16(head, 10), number(12)) else { return };
    if flags == 0 && original.checked_add(offset).is_none() {
        risk::note(flow, &risk::EXPLOIT_ATTEMPT, &["CVE-2020-0796 (SMBGhost)", "a compressed message of SMB"]);
    }
}

fn renamed(flow: &mut Flow) {
    let facts = flow.smb.get_or_insert_default();
    facts.renames = Some(facts.renames.unwrap_or(0).saturating_add(1));
}

fn deleted(flow: &mut Flow) {
    let facts = flow.smb.get_or_insert_default();
    facts.deletes = Some(facts.deletes.unwrap_or(0).saturating_add(1));
}

fn opened(name: Option<String>, flow: &mut Flow) {
    let Some(name) = name else { return };
    let files = flow.smb.get_or_insert_default().files.get_or_insert_default();
    if files.len() < FILES_MAX && !files.contains(&name) {
        files.push(name);
    }
}

/// True for a share that is not the one for pipes: that one comes first and says little.
fn is_disk(share: &str) -> bool {
    !share.to_ascii_uppercase().ends_with("IPC$")
}

fn connected(share: Option<String>, flow: &mut Flow) {
    let smb = flow.smb.get_or_insert_default();
    if !smb.share.as_deref().is_some_and(is_disk) {
        smb.share = share.or(smb.share.take());
    }
}

/// Negotiate answer and Tree Connect AndX request (MS-CIFS §2.2.4.52, §2.2.4.55), also when it is chained to another.
fn version_1(head: &[u8], flow: &mut Flow) -> Result<(), WireError> {
    let mut cursor = Cursor::new(head);
    cursor.skip(4, "smb.protocol")?;
    let mut command = cursor.u8("smb.command")?;
    cursor.skip(4, "smb.status")?;
    let answer = cursor.u8("smb.flags")? & 0x80 != 0;
    let unicode = cursor.u16_le("smb.flags2")? & 0x8000 != 0;
    cursor.skip(20, "smb.header")?;
    if answer && command == 0x72 {
        let words = cursor.u8("smb.word_count")?;
        if words > 0 && cursor.u16_le("smb.dialect_index")? != 0xffff {
            flow.smb.get_or_insert_default().dialect = Some("SMB 1".into());
        }
    }
    if !answer && command == 0x73 {
        ntlm::note(head, flow);
    }
    for _ in 0..4 {
        if answer || !matches!(command, 0x73 | 0x75) {
            break;
        }
        cursor.skip(1, "smb.word_count")?;
        let next = cursor.u8("smb.andx_command")?;
        cursor.skip(1, "smb.andx_reserved")?;
        let offset = usize::from(cursor.u16_le("smb.andx_offset")?);
        if command == 0x75 {
            cursor.skip(2, "smb.tree_flags")?;
            let password = cursor.u16_le("smb.password_length")?;
            cursor.skip(2, "smb.byte_count")?;
            cursor.skip(password.into(), "smb.password")?;
            let pad = usize::from(unicode && (head.len() - cursor.left()) % 2 == 1);
            cursor.skip(pad, "smb.pad")?;
            connected(path(cursor.rest(), unicode), flow);
        }
        if offset <= head.len() - cursor.left() {
            break;
        }
        command = next;
        cursor = Cursor::new(head);
        cursor.skip(offset, "smb.andx")?;
    }
    Ok(())
}

/// Answer to a login, what is opened, and what goes into pipes (MS-SMB2 §2.2.6, §2.2.13, §2.2.21, §2.2.31); new names
/// and deletions (§2.2.39; MS-FSCC §2.4).
fn session_2(message: &[u8], flow: &mut Flow, calls: &mut dcerpc::Calls) -> Option<()> {
    let answer = le32(message, 16)? & 1 != 0;
    let file = |place| Some(u64::from_le_bytes(at(message, place, 8)?.try_into().ok()?));
    match (le16(message, 12)?, answer) {
        // A guest or nobody (SessionFlags) gave no password that was looked at.
        (1, true) => outcome(le32(message, 8)?, le16(message, 66)? & 3 != 0, flow),
        (5, false) => {
            let name = at(message, le16(message, 108)?, le16(message, 110)?)?;
            opened(path(name, true), flow);
            // To be deleted when it is closed.
            if le32(message, 104)? & 0x1000 != 0 {
                deleted(flow);
            }
        }
        (17, false) if u8_at(message, 66)? == 1 => match u8_at(message, 67)? {
            10 | 65 => renamed(flow),
            13 | 64 => deleted(flow),
            _ => {}
        },
        // Of a file's identifier the second half is that of the handle.
        (9, false) => calls.fragment(file(88)?, message.get(le16(message, 66)?..)?, flow)?,
        // FSCTL_PIPE_TRANSCEIVE.
        (11, false) if le32(message, 68)? == 0x0011_c017 => {
            calls.fragment(file(80)?, message.get(le32(message, 88)?..)?, flow)?;
        }
        _ => {}
    }
    Some(())
}

/// Negotiate answer and Tree Connect request (MS-SMB2 §2.2.4, §2.2.9), also in compounds (§3.2.4.1.4).
fn version_2(head: &[u8], flow: &mut Flow, smb: &mut Smb) -> Result<(), WireError> {
    let mut at = 0;
    for _ in 0..8 {
        let message = head.get(at..).unwrap_or_default();
        let mut cursor = Cursor::new(message);
        cursor.skip(12, "smb2.protocol")?;
        let command = cursor.u16_le("smb2.command")?;
        cursor.skip(2, "smb2.credits")?;
        let answer = cursor.u32_le("smb2.flags")? & 1 != 0;
        let next = usize::try_from(cursor.u32_le("smb2.next_command")?).unwrap_or(0);
        cursor.skip(40, "smb2.header")?;
        cursor.skip(4, "smb2.body")?;
        let first = cursor.u16_le("smb2.body")?;
        if command == 0
            && answer
            && let Some(dialect) = dialect(first)
        {
            flow.smb.get_or_insert_default().dialect = Some(dialect);
        }
        if command == 1 && !answer {
            ntlm::note(message, flow);
        }
        let _read: Option<()> = session_2(message, flow, &mut smb.calls);
        let _read: Option<()> = smb.reads.version_2(message, flow);
        if command == 3 && !answer {
            let length = usize::from(cursor.u16_le("smb2.path_length")?);
            let start = usize::from(first);
            let path = message.get(start..start.saturating_add(length)).unwrap_or_default();
            connected(self::path(path, true), flow);
        }
        if next < 64 {
            break;
        }
        at += next;
    }
    Ok(())
}

fn dialect(revision: u16) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match revision {
        0x0202 => "SMB 2.0.2",
        0x0210 => "SMB 2.1",
        0x0300 => "SMB 3.0",
        0x0302 => "SMB 3.0.2",
        0x0311 => "SMB 3.1.1",
        // 0x02ff: the dialect is agreed on in a second round (MS-SMB2 §3.3.5.3.1).
        _ => return None,
    }))
}

/// A path up to its terminating zero.
fn path(data: &[u8], unicode: bool) -> Option<String> {
    if !unicode {
        return some_text(data.split(|b| *b == 0).next()?, 256);
    }
    some_text(utf16(data, 256).split('\0').next()?.as_bytes(), 256)
}

const SAMPLE_1: &[u8] =
    b"\x00\x00\x00\x42\xffSMB\x75\x00\x00\x00\x00\x18\x01\x00............\x00\x00\x00\x00\x00\x00\x00\x00\
    \x04\xff\x00\x00\x00\x00\x00\x01\x00\x17\x00\x00\\\\HOST\\FILES\x00?????\x00\x00\x00\x00";
const SAMPLE_ANSWER: &[u8] = b"\x00\x00\x00\x48\xfeSMB\x40\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x01\x00\x00\x00\
    \x00\x00\x00\x00........................................\x41\x00\x01\x00\x11\x03\x00\x00";
const SAMPLE_TREE: &[u8] = b"\x00\x00\x00\x50\xfeSMB\x40\x00\x00\x00\x00\x00\x00\x00\x03\x00\x01\x00\x00\x00\x00\x00\
    \x00\x00\x00\x00........................................\x09\x00\x00\x00\x48\x00\x08\x00\\\x00\\\x00A\x00B\x00";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialect_and_share() {
        let mut flow = Flow::default();
        let mut smb = Smb::default();
        for (side, data) in VERSION_2.sample {
            smb.feed(*side, Input::Data(data), &mut flow);
        }
        let facts = flow.smb.expect("facts");
        assert_eq!((facts.dialect.as_deref(), facts.share.as_deref()), (Some("SMB 3.1.1"), Some("\\\\AB")));
        let mut flow = Flow::default();
        Smb::default().feed(Side::Src, Input::Data(SAMPLE_1), &mut flow);
        assert_eq!(flow.smb.expect("facts").share.as_deref(), Some("\\\\HOST\\FILES"));
    }

    #[test]
    fn who_logs_in_by_ntlm() {
        let login = ntlm::tests::message("EXAMPLE", "alice", "DESK-7");
        let head = [&SAMPLE_TREE[4..16], &[1, 0], &SAMPLE_TREE[18..68]].concat();
        let setup = [&head[..], &[25, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x58, 0, 0xe8, 0], &[0; 8], &login].concat();
        let length = u32::try_from(setup.len()).expect("short").to_be_bytes();
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 1, 445));
        for piece in [&length[..], &setup].concat().chunks(9) {
            classifier.stream(Side::Src, Input::Data(piece), &mut flow);
        }
        assert_eq!(flow.ntlm.as_deref(), Some(&ntlm::tests::login()));
    }

    /// A message of version 2 with its frame.
    fn message(command: u8, answer: bool, status: u32, body: &[u8]) -> Vec<u8> {
        let mut head = [0; 64];
        head[..6].copy_from_slice(b"\xfeSMB\x40\x00");
        head[8..12].copy_from_slice(&status.to_le_bytes());
        (head[12], head[16]) = (command, answer.into());
        let length = u32::try_from(64 + body.len()).expect("short").to_be_bytes();
        [&length[..], &head, body].concat()
    }

    fn wide(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    fn facts(said: &[(Side, Vec<u8>)], cut: usize) -> Flow {
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 1, 445));
        for (side, data) in said {
            data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
        }
        flow
    }

    #[test]
    fn pipes_are_opened_and_called_through() {
        let open = [&[57, 0][..], &[0; 42], &[120, 0, 12, 0], &[0; 8], &wide("svcctl")].concat();
        let bind = dcerpc::tests::bind(0, dcerpc::tests::SVCCTL);
        let write = [&[49, 0, 112, 0][..], &[0; 12], &[1; 8], &[2; 8], &[0; 16], &bind].concat();
        let call = dcerpc::tests::request(0, 12, &[0; 20]);
        let ioctl = |handle: u8| {
            [&[57, 0, 0, 0, 0x17, 0xc0, 0x11, 0][..], &[1; 8], &[handle; 8], &[120, 0, 0, 0], &[0; 28], &call].concat()
        };
        let said = [
            (Side::Src, message(5, false, 0, &open)),
            (Side::Src, message(9, false, 0, &write)),
            (Side::Src, message(11, false, 0, &ioctl(2))),
            (Side::Src, message(11, false, 0, &ioctl(3))),
        ];
        for cut in [1, 5_000] {
            let flow = facts(&said, cut);
            assert_eq!(flow.smb.expect("facts").files, Some(vec!["svcctl".into()]));
            let rpc = flow.dcerpc.expect("facts");
            assert_eq!((rpc.operations, rpc.calls), (Some(vec!["svcctl.CreateServiceW".into()]), Some(2)));
        }
    }

    /// What is told of programs in these messages, behind one that opens a file, and what that weighs.
    fn programs(said: Vec<(Side, Vec<u8>)>, cut: usize) -> Option<(Vec<String>, u8)> {
        let open = [&[57, 0][..], &[0; 42], &[120, 0, 10, 0], &[0; 8], &wide("a.exe")].concat();
        let said = [vec![(Side::Src, message(5, false, 0, &open))], said].concat();
        facts(&said, cut).risk.and_then(|risk| risk.risk_evidence.zip(risk.risk_score))
    }

    const PROGRAM: &[u8] = b"\x7fELF\x02\x01\x01";

    #[test]
    fn programs_that_are_put_on_the_server_are_noticed() {
        let write = |offset: u8| {
            let head = [&[49, 0, 112, 0][..], &[0; 4], &[offset, 0, 0, 0, 0, 0, 0, 0], &[2; 16], &[0; 16]].concat();
            message(9, false, 0, &[&head[..], PROGRAM, &[0; 2_000]].concat())
        };
        for (offset, cut, want) in [(0, 1, true), (0, 5_000, true), (1, 5_000, false)] {
            let evidence = programs(vec![(Side::Src, write(offset))], cut);
            assert_eq!(evidence, want.then(|| (vec!["elf came as a.exe from the client".to_owned()], 60)), "{offset}");
        }
    }

    #[test]
    fn programs_that_are_fetched_are_noticed_and_weigh_less() {
        let numbered = |mut message: Vec<u8>, number: u8| {
            message[4 + 24] = number;
            message
        };
        let read = |offset: u8| [&[49, 0, 80, 0, 0, 0x10, 0, 0, offset][..], &[0; 7], &[2; 16], &[0; 17]].concat();
        let data = [&[17, 0, 80, 0, 0xd7, 7, 0, 0][..], &[0; 8], PROGRAM, &[0; 2_000]].concat();
        for (offset, number, cut, want) in
            [(0, 7, 1, true), (0, 7, 5_000, true), (1, 7, 5_000, false), (0, 8, 5_000, false)]
        {
            let said = vec![
                (Side::Src, numbered(message(8, false, 0, &read(offset)), 7)),
                (Side::Dst, numbered(message(8, true, 0, &data), number)),
            ];
            let told = want.then(|| (vec!["elf was read as a.exe".to_owned()], 10));
            assert_eq!(programs(said, cut), told, "{offset} {number}");
        }
    }

    #[test]
    fn version_1_reads_and_writes_too() {
        let old = |command: u8, answer: bool, words: &[u8], data: &[u8]| {
            let mut head = [0; 32];
            head[..5].copy_from_slice(&[0xff, b'S', b'M', b'B', command]);
            (head[9], head[30]) = (u8::from(answer) << 7, 9);
            let body = [&head[..], &[u8::try_from(words.len() / 2).expect("few")], words, &[0, 0], data].concat();
            [&u32::try_from(body.len()).expect("short").to_be_bytes()[..], &body].concat()
        };
        let place = |words: usize| u8::try_from(32 + 1 + words + 2).expect("small");
        let write = |offset| [&[0xff, 0, 0, 0, 1, 0, offset][..], &[0; 15], &[place(28), 0], &[0; 4]].concat();
        let read = |offset| [&[0xff, 0, 0, 0, 1, 0, offset][..], &[0; 17]].concat();
        let data =
            old(0x2e, true, &[&[0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, place(24), 0][..], &[0; 10]].concat(), PROGRAM);
        let told = |text: &str| Some(vec![text.to_owned()]);
        let found = |said: &[(Side, Vec<u8>)]| facts(said, 5_000).risk.and_then(|risk| risk.risk_evidence);
        assert_eq!(
            found(&[(Side::Src, old(0x2f, false, &write(0), PROGRAM))]),
            told("elf came as a file from the client")
        );
        assert_eq!(found(&[(Side::Src, old(0x2f, false, &write(1), PROGRAM))]), None);
        assert_eq!(
            found(&[(Side::Src, old(0x2e, false, &read(0), &[])), (Side::Dst, data.clone())]),
            told("elf was read as a file")
        );
        assert_eq!(found(&[(Side::Src, old(0x2e, false, &read(1), &[])), (Side::Dst, data)]), None);
    }

    #[test]
    fn new_names_and_deletions_are_counted() {
        let set = |class: u8| message(17, false, 0, &[&[33, 0, 1, class, 1, 0, 0, 0][..], &[0; 32]].concat());
        let close = [&[57, 0][..], &[0; 38], &[0, 0x10, 0, 0], &[120, 0, 2, 0], &[0; 8], &wide("a")].concat();
        let said = [set(10), set(10), set(4), set(13), message(5, false, 0, &close)].map(|data| (Side::Src, data));
        for cut in [1, 5_000] {
            let facts = facts(&said, cut).smb.expect("facts");
            assert_eq!((facts.renames, facts.deletes), (Some(2), Some(2)));
        }
    }

    #[test]
    fn holes_are_tried() {
        let tried = |flow: Flow| flow.risk.and_then(|risk| risk.risk_evidence).unwrap_or_default();
        let framed = |body: &[u8]| [&u32::try_from(body.len()).expect("short").to_be_bytes()[..], body].concat();
        let squeezed = |original: u32, offset: u32| {
            let body =
                [b"\xfcSMB", &original.to_le_bytes()[..], &[1, 0, 0, 0], &offset.to_le_bytes(), &[0; 40]].concat();
            let begin = (Side::Dst, VERSION_2.sample[0].1.to_vec());
            tried(facts(&[begin, (Side::Src, framed(&body))], 5_000))
        };
        assert_eq!(squeezed(u32::MAX, 16), ["CVE-2020-0796 (SMBGhost) in a compressed message of SMB"]);
        assert!(squeezed(4_096, 16).is_empty());
        let old = |command: u8, number: u8, words: &[u8]| {
            let mut head = [0; 32];
            head[..5].copy_from_slice(&[0xff, b'S', b'M', b'B', command]);
            head[30] = number;
            let count = u8::try_from(words.len() / 2).expect("few");
            (Side::Src, framed(&[&head[..], &[count], words, &[0; 8]].concat()))
        };
        let large = [&[1, 0, 0, 0x1e, 0, 0, 0][..], &[0xd0, 0x03, 1, 0], &[0; 27]].concat();
        let holds =
            |wanted: &str, said: &[(Side, Vec<u8>)]| tried(facts(said, 5_000)).iter().any(|text| text.contains(wanted));
        assert!(holds("EternalBlue", &[old(0xa0, 64, &large), old(0x33, 64, &[0; 18])]));
        assert!(!holds("EternalBlue", &[old(0xa0, 64, &large), old(0xa1, 64, &[0; 36])]));
        let odd = [&[0; 28][..], &[0x0e, 0]].concat();
        assert!(holds("DoublePulsar", &[old(0x32, 65, &odd)]));
    }

    #[test]
    fn answers_to_logins_are_counted() {
        let answer = |status, flags| (Side::Dst, message(1, true, status, &[9, 0, flags, 0, 72, 0, 0, 0]));
        let said = [answer(0xc000_0016, 0), answer(0xc000_006d, 0), answer(0xc000_006d, 0), answer(0, 1), answer(0, 0)];
        let login = facts(&said, 5_000).login.expect("facts");
        assert_eq!((login.failed, login.succeeded), (Some(2), Some(1)));
    }

    #[test]
    fn version_1_has_the_same() {
        let message = |command: u8, answer: bool, status: u32, words: &[u8], rest: &[u8]| {
            let mut head = [0; 32];
            head[..5].copy_from_slice(&[0xff, b'S', b'M', b'B', command]);
            head[5..9].copy_from_slice(&status.to_le_bytes());
            (head[9], head[11]) = (u8::from(answer) << 7, 0x80);
            let count = u8::try_from(words.len() / 2).expect("few");
            let body = [&head[..], &[count], words, &[0, 0], rest].concat();
            [&u32::try_from(body.len()).expect("short").to_be_bytes()[..], &body].concat()
        };
        let open = [&[0xff, 0, 0, 0, 0, 14, 0][..], &[0; 41]].concat();
        let bind = dcerpc::tests::bind(0, dcerpc::tests::SVCCTL);
        let write = [&[0xff, 0, 0, 0, 7, 0][..], &[0; 16], &[59, 0]].concat();
        let call = dcerpc::tests::request(0, 19, &[]);
        let transact = [&[0; 24][..], &[67, 0, 2, 0, 0x26, 0, 7, 0]].concat();
        let said = [
            (Side::Src, message(0xa2, false, 0, &open, &[&[0][..], &wide("\\srvsvc")].concat())),
            (Side::Src, message(0x2f, false, 0, &write, &bind)),
            (Side::Src, message(0x25, false, 0, &transact, &call)),
            (Side::Dst, message(0x73, true, 0xc000_006d, &[], &[])),
            (Side::Dst, message(0x73, true, 0, &[0xff, 0, 0, 0, 0, 0], &[])),
        ];
        let flow = facts(&said, 5_000);
        assert_eq!(flow.smb.expect("facts").files, Some(vec!["\\srvsvc".into()]));
        assert_eq!(flow.dcerpc.expect("facts").operations, Some(vec!["svcctl.StartServiceW".into()]));
        let login = flow.login.expect("facts");
        assert_eq!((login.failed, login.succeeded), (Some(1), Some(1)));
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(command in 0u8..20, answer: bool, body: Vec<u8>) {
            facts(&[(Side::Src, message(command, answer, 0, &body))], 5_000);
            let mut smb = Smb::default();
            let _read: Option<()> = smb.request_1(&body, &mut Flow::default());
        }
    }

    #[test]
    fn a_session_is_set_up_first() {
        let mut names = vec![0x81, 0, 0, 0x44, 0x20];
        names.resize(72, b'A');
        assert_eq!(probe(&names, 0xff), Verdict::Maybe);
        names.extend_from_slice(SAMPLE_1);
        assert_eq!(probe(&names, 0xff), Verdict::Yes);
        assert_eq!(probe(&names, 0xfe), Verdict::No);
    }

    #[test]
    fn a_session_over_netbios_is_named() {
        let mut session = vec![0x81, 0, 0, 0x44];
        session.extend([&[0x20][..], &[b'A'; 32], &[0, 0x20], &[b'A'; 32], &[0]].concat());
        session.extend(SAMPLE_1);
        let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 1, 2));
        classifier.stream(Side::Src, Input::Data(&session), &mut flow);
        classifier.label(&mut flow);
        assert_eq!(flow.core.app, "NetBIOS.SMBv1");
    }
}
