// SPDX-License-Identifier: Apache-2.0
//! IRC (RFC 2812 §2.3, §3.1): commands that open a session, or the server's messages, which begin with its name; behind STARTTLS
//! (IRCv3, "tls") TLS is probed.

use minamo_model::Flow;

use super::tell::*;
use super::text::{by_lines, is_tls};
use crate::{Dissector, Input, Step};

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "IRC",
    title: "Internet Relay Chat",
    category: Category::Chat,
    spec: &["RFC 2812", "IRCv3"],
    ports: &[194, 6660, 6661, 6662, 6663, 6664, 6665, 6666, 6667, 6668, 6669, 7000],
    first: First::Of(b":NCUPEnE"),
    probe,
    start: |_| Box::new(Irc::default()),
    sample: &[
        (Side::Src, b"NICK minamo\r\nUSER minamo 0 * :Minamo\r\n"),
        (Side::Dst, b":irc.example.org NOTICE * :*** Looking up your hostname\r\n"),
    ],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    first_line_of(data, |line| {
        let mut words = line.split(|octet| *octet == b' ').filter(|word| !word.is_empty());
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let numeric = second.len() == 3 && second.iter().all(u8::is_ascii_digit);
        match first {
            [b':', ..] => first.len() > 1 && (numeric && words.next().is_some() || VERBS.contains(&second)),
            b"NICK" => graphic(second) && second.len() <= 32 && words.next().is_none(),
            b"USER" => words.count() >= 3 && contains(line, b" :"),
            b"CAP" => matches!(second, b"LS" | b"REQ" | b"END"),
            b"NOTICE" => matches!(second, b"AUTH" | b"*") && contains(line, b" :"),
            b"PRIVMSG" => graphic(second) && contains(line, b" :"),
            b"ERROR" => second == b":Closing",
            _ => false,
        }
    })
}

/// A session is opened by lines of any order; a password before the name proves nothing alone.
fn first_line_of(data: &[u8], told: impl Fn(&[u8]) -> bool) -> Verdict {
    match line(data) {
        Some((first, n)) if after(first, b"PASS ").is_some() && data.len() > n => {
            first_line(data.get(n..).unwrap_or_default(), 512, told)
        }
        Some((first, n)) if after(first, b"PASS ").is_some() => maybe_if(first.len() < 200 && data.len() == n),
        _ => first_line(data, 512, told),
    }
}

const VERBS: &[&[u8]] =
    &[b"NOTICE", b"PRIVMSG", b"JOIN", b"PART", b"MODE", b"QUIT", b"NICK", b"TOPIC", b"KICK", b"CAP"];

/// Lines after which a session that does not go over to TLS is left alone.
const LINES: u32 = 64;

#[derive(Default)]
struct Irc {
    lines: u32,
    /// TLS was asked for.
    asked: bool,
}

impl Dissector for Irc {
    fn feed(&mut self, side: Side, input: Input<'_>, _: &mut Flow) -> Step {
        let Input::Data(data) = input else { return Step::Done };
        if is_tls(data) {
            return if self.asked { Step::Inner(0) } else { Step::Done };
        }
        by_lines(data, |line| {
            self.lines += 1;
            self.asked |= side == Side::Src && line.eq_ignore_ascii_case(b"STARTTLS");
            // RPL_STARTTLS.
            let granted = side == Side::Dst && line.split(|octet| *octet == b' ').nth(1) == Some(b"670");
            match self.asked && granted {
                true => Step::Inner(0),
                false if self.lines > LINES => Step::Done,
                false => Step::Continue(0),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_starttls_is_looked_at() {
        let hello = include_bytes!("../../samples/tls-client.bin");
        let said: [(Side, &[u8]); 5] = [
            (Side::Src, b"CAP LS 302\r\n"),
            (Side::Dst, b":irc.example.org CAP * LS :tls\r\n"),
            (Side::Src, b"STARTTLS\r\n"),
            (Side::Dst, b":irc.example.org 670 * :STARTTLS successful, go ahead\r\n"),
            (Side::Src, hello),
        ];
        for (from, cut, want) in [(0, 7, true), (0, 1_000, true), (3, 1_000, false)] {
            let (mut flow, mut classifier) = (Flow::default(), crate::Classifier::new(true, 40_000, 6_667));
            for (side, data) in said.iter().skip(from) {
                data.chunks(cut).for_each(|piece| classifier.stream(*side, Input::Data(piece), &mut flow));
            }
            classifier.label(&mut flow);
            assert_eq!((flow.core.app.as_ref(), flow.tls.is_some()), ("IRC", want), "{from} {cut}");
        }
    }
}
