// SPDX-License-Identifier: Apache-2.0
//! NATS (NATS client protocol): the server's INFO or the client's CONNECT with their JSON; in the middle of a connection
//! lines that publish, deliver and subscribe.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "Nats",
    title: "NATS",
    category: Category::Rpc,
    spec: &["NATS client protocol"],
    ports: &[4222],
    first: First::Of(b"ICHMPSU"),
    probe,
    sample: &[(Side::Dst, b"INFO {\"server_id\":\"A\",\"version\":\"2.10.0\"}\r\n")],
    ..Protocol::STREAM
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let (info, connect) = (begins(data, b"INFO {\""), begins_with_any(data, &[b"CONNECT {\"", b"CONNECT {}"]));
    if info == Verdict::Yes {
        let told = contains(data, b"\"server_id\"") || contains(data, b"\"max_payload\"");
        return if told { Verdict::Yes } else { maybe_if(data.len() < 1_500) };
    }
    either(either(info, connect), operation(data))
}

/// A subject, numbers at their places, and behind the line as many octets as it says.
fn operation(data: &[u8]) -> Verdict {
    let begun = begins_with_any(data, &[b"PUB ", b"HPUB ", b"MSG ", b"HMSG ", b"SUB ", b"UNSUB "]);
    if begun != Verdict::Yes {
        return begun;
    }
    let Some((head, n)) = line(data) else { return maybe_if(data.len() < 512 && printable(trimmed(data))) };
    let mut words = head.split(|octet| *octet == b' ');
    let verb = words.next().unwrap_or_default();
    let number = |word: Option<&[u8]>| {
        let digits = word.filter(|word| (1..=9).contains(&word.len()) && word.iter().all(u8::is_ascii_digit))?;
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')))
    };
    let (count, last) = (words.clone().count(), number(words.clone().next_back()));
    let (first, second) = (number(words.clone().next()), number(words.nth(1)));
    let content = |least: usize, most: usize| {
        let Some(length) = last.filter(|_| (least..=most).contains(&count)) else { return Verdict::No };
        match data.get(n + length..) {
            Some(behind) => begins(behind, b"\r\n"),
            None => maybe_if(length < 4_096),
        }
    };
    match verb {
        b"PUB" => content(2, 3),
        b"HPUB" => content(3, 4),
        b"MSG" if second.is_some() => content(3, 4),
        b"HMSG" if second.is_some() => content(4, 5),
        b"SUB" => yes_if(last.is_some() && (2..=3).contains(&count) && head.len() + 2 == n),
        b"UNSUB" => yes_if(first.is_some() && count <= 2 && head.len() + 2 == n),
        _ => Verdict::No,
    }
}

fn trimmed(data: &[u8]) -> &[u8] {
    data.strip_suffix(b"\r").unwrap_or(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_told_in_the_middle() {
        let told = |data: &[u8]| probe(Side::Src, data);
        for data in [
            &b"PUB a.b 5\r\nhello\r\n"[..],
            b"PUB a.b inbox 0\r\n\r\n",
            b"MSG a.b 9 3\r\nabc\r\n",
            b"HPUB a 12 15\r\nNATS/1.0\r\n\r\nabc\r\n",
            b"SUB a.> 1\r\n",
            b"UNSUB 1\r\n",
        ] {
            assert_eq!(told(data), Verdict::Yes, "{:?}", String::from_utf8_lossy(data));
        }
        // Text of others; a length that is not so.
        for data in [&b"MSG 12 U 80\r\nMIME-Version: 1.0\r\n"[..], b"PUB a 2\r\nhello\r\n", b"SUB a b\n"] {
            assert_eq!(told(data), Verdict::No, "{:?}", String::from_utf8_lossy(data));
        }
        assert_eq!(told(b"PUB a 5\r\nhe"), Verdict::Maybe);
    }
}
