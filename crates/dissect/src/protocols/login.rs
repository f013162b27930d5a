// SPDX-License-Identifier: Apache-2.0
//! Logins whose outcome the server tells in clear, counted for whatever protocol: what guesses passwords is then seen by
//! its refusals, not by the size of its conversations.

use minamo_model::Flow;

/// Counts a login that the server refused: for a wrong password, an unknown or a locked account, not for lack of rights.
pub(super) fn failed(flow: &mut Flow) {
    let facts = flow.login.get_or_insert_default();
    facts.failed = Some(facts.failed.unwrap_or(0).saturating_add(1));
}

/// Counts a login that the server took.
pub(super) fn succeeded(flow: &mut Flow) {
    let facts = flow.login.get_or_insert_default();
    facts.succeeded = Some(facts.succeeded.unwrap_or(0).saturating_add(1));
}

/// Counts the answer to a login.
pub(super) fn answered(taken: bool, flow: &mut Flow) {
    if taken { succeeded(flow) } else { failed(flow) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classifier, Input, Side};

    fn counted(port: u16, said: &[(Side, &[u8])]) -> (Option<u32>, Option<u32>) {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 40_000, port));
        said.iter().for_each(|(side, data)| classifier.stream(*side, Input::Data(data), &mut flow));
        flow.login.map_or((None, None), |login| (login.failed, login.succeeded))
    }

    const CLIENT: Side = Side::Src;
    const SERVER: Side = Side::Dst;

    #[test]
    fn refusals_and_successes_of_text_protocols() {
        let ftp: &[(Side, &[u8])] = &[
            (SERVER, b"220 FTP ready\r\n"),
            (CLIENT, b"USER a\r\nPASS x\r\n"),
            (SERVER, b"331 password\r\n530 no\r\n"),
            (CLIENT, b"USER a\r\n"),
            (SERVER, b"331 password\r\n"),
            (CLIENT, b"PASS y\r\n"),
            (SERVER, b"230 in\r\n"),
            (CLIENT, b"LIST\r\n"),
            (SERVER, b"530 not here\r\n"),
        ];
        assert_eq!(counted(21, ftp), (Some(1), Some(1)));
        let pop: &[(Side, &[u8])] = &[
            (SERVER, b"+OK POP3 ready\r\n"),
            (CLIENT, b"USER a\r\n"),
            (SERVER, b"+OK\r\n"),
            (CLIENT, b"PASS x\r\n"),
            (SERVER, b"-ERR no\r\n"),
            (CLIENT, b"AUTH PLAIN\r\n"),
            (SERVER, b"+ \r\n"),
            (CLIENT, b"AGEAYg==\r\n"),
            (SERVER, b"+OK\r\n"),
        ];
        assert_eq!(counted(110, pop), (Some(1), Some(1)));
        let imap: &[(Side, &[u8])] = &[
            (SERVER, b"* OK IMAP4rev1 ready\r\n"),
            (CLIENT, b"a LOGIN me x\r\n"),
            (SERVER, b"* a notice\r\na NO no\r\n"),
            (CLIENT, b"b AUTHENTICATE PLAIN\r\n"),
            (SERVER, b"+ \r\n"),
            (CLIENT, b"AGEAYg==\r\n"),
            (SERVER, b"b OK in\r\n"),
            (CLIENT, b"c SELECT x\r\n"),
            (SERVER, b"c NO such\r\n"),
        ];
        assert_eq!(counted(143, imap), (Some(1), Some(1)));
        let smtp: &[(Side, &[u8])] = &[
            (SERVER, b"220 a ESMTP ready\r\n"),
            (CLIENT, b"EHLO b\r\n"),
            (SERVER, b"250-a\r\n250 AUTH PLAIN\r\n"),
            (CLIENT, b"AUTH PLAIN AGEAYg==\r\n"),
            (SERVER, b"535-5.7.8 no\r\n535 5.7.8 no\r\n"),
            (CLIENT, b"AUTH PLAIN AGEAYw==\r\n"),
            (SERVER, b"235 in\r\n"),
        ];
        assert_eq!(counted(25, smtp), (Some(1), Some(1)));
    }

    #[test]
    fn refusals_of_the_web_count_where_a_password_was_sent() {
        let ask = |with: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{with}\r\n").into_bytes();
        let no = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n";
        let said = [
            (CLIENT, ask("")),
            (SERVER, no.to_vec()),
            (CLIENT, ask("Authorization: Basic YTpi\r\n")),
            (SERVER, no.to_vec()),
            (CLIENT, ask("Authorization: Negotiate YTpi\r\n")),
            (SERVER, no.to_vec()),
            (CLIENT, ask("Authorization: Digest username=\"a\"\r\n")),
            (SERVER, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
        ];
        let said: Vec<(Side, &[u8])> = said.iter().map(|(side, data)| (*side, data.as_slice())).collect();
        assert_eq!(counted(80, &said), (Some(1), Some(1)));
    }
}
