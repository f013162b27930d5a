// SPDX-License-Identifier: Apache-2.0
//! Programs that are put on a server of SMB or fetched from it, by what a file begins with: Write and Read of SMB 2
//! (MS-SMB2 §2.2.19 to §2.2.22), WriteAndX and ReadAndX of SMB 1 (MS-CIFS §2.2.4.42, §2.2.4.43). The name is that of the file that
//! was opened last. What is put on a server is the risk of transferred programs, as service binaries of remote execution are; reading
//! one is daily work where programs lie on shares, and a small risk of its own.

use minamo_model::Flow;

use super::tell::{at, le16, le32, u8_at};
use crate::magic::{self, Class};
use crate::risk;

/// Reads that wait for their answers at a time.
const WAITING_MAX: usize = 16;

/// Status of an answer with content: others are interim ones, or say that there is none (MS-ERREF §2.3.1).
const SUCCESS: usize = 0;

/// Numbers of the requests that read the beginning of a file and were not answered yet.
#[derive(Default)]
pub(super) struct Reads(Vec<u64>);

impl Reads {
    /// A message of version 2, from its header on.
    pub(super) fn version_2(&mut self, message: &[u8], flow: &mut Flow) -> Option<()> {
        let answer = le32(message, 16)? & 1 != 0;
        let number = u64::from_le_bytes(at(message, 24, 8)?.try_into().ok()?);
        let begins = || Some(at(message, 72, 8)?.iter().all(|octet| *octet == 0));
        match (le16(message, 12)?, answer) {
            (9, false) if begins()? => written(message.get(le16(message, 66)?..)?, flow),
            (8, false) if begins()? => self.wait(number),
            (8, true) if le32(message, 8)? == SUCCESS && self.answered(number) => {
                read(message.get(u8_at(message, 66)?..)?, flow);
            }
            _ => {}
        }
        Some(())
    }

    /// A message of version 1, from its header on.
    pub(super) fn version_1(&mut self, message: &[u8], flow: &mut Flow) -> Option<()> {
        let answer = u8_at(message, 9)? & 0x80 != 0;
        let (number, words) = (u64::try_from(le16(message, 30)?).ok()?, u8_at(message, 32)?);
        // The upper half of the place stands behind, where it is sent.
        let begins = |upper: usize, long: bool| Some(le32(message, 39)? == 0 && (!long || le32(message, upper)? == 0));
        match (u8_at(message, 4)?, answer, words) {
            (0x2f, false, 12 | 14) if begins(57, words == 14)? => {
                written(message.get(le16(message, 55)?..)?, flow);
            }
            (0x2e, false, 10 | 12) if begins(53, words == 12)? => self.wait(number),
            (0x2e, true, 12) if self.answered(number) => read(message.get(le16(message, 45)?..)?, flow),
            _ => {}
        }
        Some(())
    }

    fn wait(&mut self, number: u64) {
        if self.0.len() >= WAITING_MAX {
            self.0.remove(0);
        }
        self.0.push(number);
    }

    fn answered(&mut self, number: u64) -> bool {
        self.0.iter().position(|waiting| *waiting == number).map(|place| self.0.remove(place)).is_some()
    }
}

fn written(content: &[u8], flow: &mut Flow) {
    if let Some((kind, name)) = program(content, flow) {
        risk::note(flow, &risk::EXECUTABLE_TRANSFER, &[kind, &name, "the client"]);
    }
}

fn read(content: &[u8], flow: &mut Flow) {
    if let Some((kind, name)) = program(content, flow) {
        risk::note(flow, &risk::PROGRAM_READ, &[kind, &name]);
    }
}

/// What kind of program begins here, and the name of the file that was opened last.
fn program(content: &[u8], flow: &Flow) -> Option<(&'static str, String)> {
    let kind = magic::kind_of(content).filter(|kind| kind.class == Class::Program)?;
    let opened = flow.smb.as_ref().and_then(|smb| smb.files.as_ref()?.last().cloned());
    Some((kind.name, opened.unwrap_or_else(|| "a file".to_owned())))
}
