// SPDX-License-Identifier: Apache-2.0
//! The exchange of a session: its messages. A message is what one side sends until the other does or it pauses, so that segment
//! sizes, offload and splitting of records do not matter. The hellos and the key exchange are told from what follows by their
//! place (RFC 5246 §7.3, RFC 8446 §2), which holds for sessions seen from their beginning.

use minamo_model::flow::Flow;

/// Octets of a Finished message with its record and a change of cipher beside it (RFC 8446 §4.4.4, SHA-384).
const FINISHED: i64 = 80;
/// The same of a session that is resumed before TLS 1.3 (RFC 5246 §7.4.9, AES-GCM).
const SHORT_FINISHED: i64 = 51;
/// A client's keys with its Finished (RFC 8422 §5.7, P-256).
const KEYS: i64 = 126;
/// The largest of these: what is larger has a request in it.
const LARGEST_KEYS: i64 = 300;
/// A server that answers the hello with less resumes a session: there is no room for a certificate.
const RESUMED: i64 = 350;

/// Octets of a record that only keeps a connection: what acknowledges settings, widens a window or asks for a sign of life in
/// HTTP/2 (RFC 9113 §6: 9 to 17 octets and 22 of the record), and alerts.
const KEEPING: i64 = 39;

/// Microseconds after which what the same side sends is another message: longer than a round trip and than TCP's first waits for
/// what was lost (RFC 6298 §2.4 recommends a second at least, systems wait a fifth of it).
const PAUSE: u64 = 500_000;

/// What one side sent until the other did, or until it paused.
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
    let waits = times.iter().copied().chain(std::iter::repeat(0));
    let mut packets = lengths.iter().zip(waits).map(|(&length, wait)| (i64::from(length), u64::from(wait)));
    let Some((length, _)) = packets.next() else { return };
    let mut message = Message { length, start: 0, end: 0 };
    for (length, wait) in packets {
        let at = message.end.saturating_add(wait);
        // Hellos and certificates are not parted.
        let pauses = wait >= PAUSE && out.len() >= 2;
        if (message.length > 0) == (length > 0) && !pauses {
            message.length = message.length.saturating_add(length);
            message.end = at;
        } else {
            out.push(std::mem::replace(&mut message, Message { length, start: at, end: at }));
        }
    }
    out.push(message);
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

/// What is known of a handshake beside its lengths.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handshake {
    /// TLS 1.3.
    pub(crate) newest: bool,
    /// The server's certificate was seen.
    pub(crate) certificate: bool,
    /// The key exchange is one after which clients do not wait for the server (RFC 7918 §5.1).
    pub(crate) false_start: bool,
}

/// What was said under the keys: the messages without those of the handshake at their front, of which what it shares with others is
/// taken. Nothing where the beginning was not seen.
pub(crate) fn under_keys(messages: &mut [Message], handshake: Handshake) -> Option<&mut [Message]> {
    if messages.first().is_none_or(|first| first.length < 0) {
        return None;
    }
    let resumed = !handshake.certificate && server_flight(messages).is_some_and(resumed);
    if handshake.newest || resumed {
        let rest = messages.get_mut(2..).unwrap_or_default();
        let (finished, least) = if handshake.newest { (FINISHED, 16) } else { (SHORT_FINISHED, 40) };
        return Some(shortened(rest, 0, finished, least));
    }
    // The client's keys and what it does not wait with, then the server's end and what it answered to that.
    let early = messages.get(2).is_some_and(|keys| handshake.false_start && keys.length > LARGEST_KEYS);
    if early {
        let rest = shortened(messages.get_mut(2..).unwrap_or_default(), 1, SHORT_FINISHED, 40);
        Some(shortened(rest, 0, KEYS, 0))
    } else {
        Some(messages.get_mut(4..).unwrap_or_default())
    }
}

/// Takes octets of the handshake from the first message or the second, and the message where no more than a rest is left.
fn shortened(messages: &mut [Message], at: usize, octets: i64, rest: i64) -> &mut [Message] {
    let Some(message) = messages.get_mut(at) else { return messages };
    // What comes from the other side than expected is no end of a handshake.
    if (message.length > 0) != (at == 0) {
        return messages;
    }
    let left = message.length.abs() - octets;
    message.length = left * message.length.signum();
    if left > rest {
        return messages;
    }
    // What is before it takes its place.
    messages.copy_within(..at, 1);
    messages.get_mut(1..).unwrap_or_default()
}

/// Leaves out what only keeps the connection, where anything else was said: what it had parted is one message then.
pub(crate) fn without_keeping(messages: &mut [Message]) -> &[Message] {
    let keeps = |message: &Message| message.length.abs() <= KEEPING;
    if messages.iter().all(keeps) {
        return messages;
    }
    let mut kept = 0usize;
    for at in 0..messages.len() {
        let Some(&next) = messages.get(at).filter(|next| !keeps(next)) else { continue };
        match kept.checked_sub(1).and_then(|last| messages.get_mut(last)) {
            Some(before)
                if (next.length > 0) == (before.length > 0) && next.start.saturating_sub(before.end) < PAUSE =>
            {
                before.length = before.length.saturating_add(next.length);
                before.end = next.end;
            }
            _ => {
                if let Some(place) = messages.get_mut(kept) {
                    *place = next;
                }
                kept += 1;
            }
        }
    }
    messages.get(..kept).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use minamo_model::flow::Splt;

    use super::*;

    fn of(lengths: &[i32], newest: bool, certificate: bool) -> Vec<i64> {
        let flow = Flow {
            splt: Some(Box::new(Splt { lengths: Some(lengths.to_vec()), times_micros: Some(vec![10; lengths.len()]) })),
            ..Flow::default()
        };
        let mut out = Vec::new();
        messages(&flow, &mut out);
        let said = under_keys(&mut out, Handshake { newest, certificate, false_start: true });
        said.unwrap_or_default().iter().map(|message| message.length).collect()
    }

    #[test]
    fn segments_of_one_side_are_one_message_and_the_handshake_is_left_out() {
        assert_eq!(of(&[517, -1400, -1400, 80, 200, -300, -40], true, false), [200, -340]);
        assert_eq!(of(&[180, -1460, -900, 126, -51, 300, -90], false, true), [300, -90]);
        assert_eq!(of(&[180, -150, 51, 300, -90], false, false), [300, -90]);
    }

    #[test]
    fn what_a_client_does_not_wait_with_is_a_request_and_what_answers_it_an_answer() {
        // Keys and request, then the server's end with the answer.
        assert_eq!(of(&[210, -3000, 75, 6, 45, 500, -51, -700, 90, -40], false, true), [500, -700, 90, -40]);
        // The end alone: two messages of the client follow each other, which are one later.
        assert_eq!(of(&[210, -3000, 526, -51, 300, -90], false, true), [400, 300, -90]);
        // Where the keys cannot be followed by a request they are as large as they are.
        let mut out = Vec::new();
        for (length, start) in [(210i64, 0u64), (-3_000, 1), (574, 2), (-51, 3), (300, 4)] {
            out.push(Message { length, start, end: start });
        }
        let said = under_keys(&mut out, Handshake { newest: false, certificate: true, false_start: false });
        assert_eq!(said.unwrap_or_default().iter().map(|message| message.length).collect::<Vec<_>>(), [300]);
    }

    #[test]
    fn a_resumed_session_ends_its_handshake_before_the_request() {
        assert_eq!(of(&[190, -150, 51, 1_200, 80, -310], false, false), [1_280, -310]);
        assert_eq!(of(&[190, -150, 59, -310, 40], false, false), [-310, 40]);
    }

    #[test]
    fn what_keeps_a_connection_is_no_message() {
        let message = |length: i64| Message { length, start: 0, end: length.unsigned_abs() };
        let mut all: Vec<Message> = [189, -553, 31, -518, -31].into_iter().map(message).collect();
        assert_eq!(without_keeping(&mut all), [message(189), Message { length: -1_071, start: 0, end: 518 }]);
        let mut signs: Vec<Message> = [20, -20].into_iter().map(message).collect();
        assert_eq!(without_keeping(&mut signs).len(), 2);
    }

    #[test]
    fn a_side_that_pauses_says_something_else() {
        let flow = Flow {
            splt: Some(Box::new(Splt {
                lengths: Some(vec![517, -1_400, -900, 80, 33, 134, 33, 134, -40]),
                times_micros: Some(vec![0, 20_000, 900_000, 100, 700_000, 60_000, 900_000, 60_000, 9]),
            })),
            ..Flow::default()
        };
        let mut out = Vec::new();
        messages(&flow, &mut out);
        let lengths: Vec<i64> = out.iter().map(|message| message.length).collect();
        assert_eq!(lengths, [517, -2_300, 80, 167, 167, -40], "a flight with a loss in it is one");
        let reports = [(167, 0), (33, 600_000), (167, 1_000_000)];
        let mut all = reports.map(|(length, start)| Message { length, start, end: start });
        assert_eq!(without_keeping(&mut all).len(), 2, "what keeps the connection parts nothing, a pause does");
    }

    #[test]
    fn a_session_whose_beginning_was_not_seen_has_no_exchange() {
        assert_eq!(of(&[-300, 80, -20], false, false), [0i64; 0]);
        assert_eq!(of(&[], false, false), [0i64; 0]);
    }
}
