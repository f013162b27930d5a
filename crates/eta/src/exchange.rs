// SPDX-License-Identifier: Apache-2.0
//! The exchange of a session: its messages. A message is what one side sends until the other does, so that segment sizes,
//! offload and splitting of records do not matter. The hellos and the key exchange are told from what follows by their
//! place (RFC 5246 §7.3, RFC 8446 §2), which holds for sessions seen from their beginning.

use minamo_model::flow::Flow;

/// Octets of a Finished message with its record and a change of cipher beside it (RFC 8446 §4.4.4, SHA-384).
const FINISHED: i64 = 80;
/// A server that answers the hello with less resumes a session: there is no room for a certificate.
const RESUMED: i64 = 350;

/// Octets of a record that only keeps a connection: what acknowledges settings, widens a window or asks for a sign of life in
/// HTTP/2 (RFC 9113 §6: 9 to 17 octets and 22 of the record), and alerts.
const KEEPING: i64 = 39;

/// What one side sent until the other did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// Octets; positive from the initiator.
    pub(crate) length: i64,
    /// Microseconds from the beginning to its first packet.
    pub(crate) start: u64,
    /// … to its last.
    pub(crate) end: u64,
}

/// Puts the messages of the session into `out`, made of its packets: TLS records would come to the same.
pub(crate) fn messages(flow: &Flow, out: &mut Vec<Message>) {
    out.clear();
    let Some(splt) = &flow.splt else { return };
    let lengths = splt.lengths.as_deref().unwrap_or_default();
    let times = splt.times_micros.as_deref().unwrap_or_default();
    for (at, &length) in lengths.iter().enumerate() {
        push(out, i64::from(length), times.get(at).copied().unwrap_or(0));
    }
}

fn push(out: &mut Vec<Message>, length: i64, wait: u32) {
    let last = out.last().copied();
    let at = last.map_or(0, |last| last.end.saturating_add(u64::from(wait)));
    match out.last_mut() {
        Some(last) if (last.length > 0) == (length > 0) => {
            last.length = last.length.saturating_add(length);
            last.end = at;
        }
        _ => out.push(Message { length, start: at, end: at }),
    }
}

/// Octets of the server's first flight: hello, and certificates where they were sent.
pub(crate) fn server_flight(messages: &[Message]) -> Option<i64> {
    match messages {
        [hello, answer, ..] if hello.length > 0 => Some(-answer.length),
        [answer, ..] if answer.length < 0 => Some(-answer.length),
        _ => None,
    }
}

/// True where a first flight of that many octets has no room for a certificate.
pub(crate) fn resumed(flight: i64) -> bool {
    flight < RESUMED
}

/// Takes what belongs to the handshake from the front of `messages`: what is left was said under the keys. False where the
/// beginning was not seen.
pub(crate) fn strip_handshake(messages: &mut Vec<Message>, version: &str, certificate: bool) -> bool {
    if messages.first().is_none_or(|first| first.length < 0) {
        messages.clear();
        return false;
    }
    let newest = version == "TLS 1.3";
    let resumed = !certificate && server_flight(messages).is_some_and(resumed);
    messages.drain(..messages.len().min(if newest || resumed { 2 } else { 4 }));
    if newest
        && let Some(first) = messages.first_mut()
        && first.length > 0
    {
        first.length -= FINISHED;
        if first.length <= 16 {
            messages.remove(0);
        }
    }
    true
}

/// Leaves out what only keeps the connection, where anything else was said: what it had parted is one message then.
pub(crate) fn leave_out_keeping(messages: &mut Vec<Message>) {
    if messages.iter().all(|message| message.length.abs() <= KEEPING) {
        return;
    }
    messages.retain(|message| message.length.abs() > KEEPING);
    messages.dedup_by(|next, before| {
        let same = (next.length > 0) == (before.length > 0);
        if same {
            before.length = before.length.saturating_add(next.length);
            before.end = next.end;
        }
        same
    });
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Splt;

    use super::*;

    fn of(lengths: &[i32], version: &str, certificate: bool) -> Vec<i64> {
        let flow = Flow {
            splt: Some(Box::new(Splt { lengths: Some(lengths.to_vec()), times_micros: Some(vec![10; lengths.len()]) })),
            ..Flow::default()
        };
        let mut out = Vec::new();
        messages(&flow, &mut out);
        strip_handshake(&mut out, version, certificate);
        out.iter().map(|message| message.length).collect()
    }

    #[test]
    fn segments_of_one_side_are_one_message_and_the_handshake_is_left_out() {
        assert_eq!(of(&[517, -1400, -1400, 80, 200, -300, -40], "TLS 1.3", false), [200, -340]);
        assert_eq!(of(&[180, -1460, -900, 126, -51, 300, -90], "TLS 1.2", true), [300, -90]);
        assert_eq!(of(&[180, -150, 51, 300, -90], "TLS 1.2", false), [351, -90]);
    }

    #[test]
    fn what_keeps_a_connection_is_no_message() {
        let message = |length: i64| Message { length, start: 0, end: length.unsigned_abs() };
        let mut all: Vec<Message> = [189, -553, 31, -518, -31].into_iter().map(message).collect();
        leave_out_keeping(&mut all);
        assert_eq!(all, [message(189), Message { length: -1_071, start: 0, end: 518 }]);
        let mut signs: Vec<Message> = [20, -20].into_iter().map(message).collect();
        leave_out_keeping(&mut signs);
        assert_eq!(signs.len(), 2);
    }

    #[test]
    fn a_session_whose_beginning_was_not_seen_has_no_exchange() {
        assert_eq!(of(&[-300, 80, -20], "TLS 1.2", false), [0i64; 0]);
        assert_eq!(of(&[], "TLS 1.2", false), [0i64; 0]);
    }
}
