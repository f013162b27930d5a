// SPDX-License-Identifier: Apache-2.0
//! HART-IP (FieldComm TP10300): version, type, message, status and the count of octets, header included.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "HART-IP",
    title: "Highway Addressable Remote Transducer over IP",
    category: Category::IotScada,
    spec: &["FieldComm Group TP10300"],
    ports: &[5094],
    first: First::Of(&[0x01, 0x02]),
    probe,
    sample: &[(Side::Src, b"\x01\x00\x00\x00\x00\x01\x00\x0d\x01\x00\x00\x75\x30")],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let Some(header) = data.first_chunk::<8>() else { return maybe_if(matches!(data, [1 | 2] | [1 | 2, 0..=3, ..])) };
    let length = be16(header, 6).unwrap_or_default();
    let told = match header[2] {
        // Session initiation: master's kind and a timer.
        0 => length == 13 && data.get(8).is_none_or(|master| *master < 2),
        1 | 2 => length == 8,
        // Status of the device, then commands with their lengths, which end the message.
        4 => length > 12 && at(data, 10, length - 10).is_none_or(|commands| fills(commands, 255, command)),
        // Of the audit log: where to begin and how much; or a head of 22 octets, and records of 58.
        5 if header[1] == 0 => length == 10,
        5 => data.get(9).is_none_or(|records| length == 30 + 58 * usize::from(*records)),
        // A token-passing frame begins with its delimiter.
        3 => {
            length > 12
                && data
                    .get(8)
                    .is_none_or(|delimiter| matches!(delimiter & 0x87, 0x02 | 0x06 | 0x82 | 0x86 | 0x01 | 0x81))
        }
        _ => false,
    };
    let fits = told && matches!(header[1], 0..=2 | 15) && header[3] < 32 && length < 1_500 && header[3] & 0x10 == 0;
    match data.len().cmp(&length) {
        std::cmp::Ordering::Less => maybe_if(fits),
        std::cmp::Ordering::Equal => yes_if(fits),
        std::cmp::Ordering::Greater => yes_if(fits && data.get(length) == data.first()),
    }
}

/// Octets of a command without an address: its number in two, how many follow, and these.
fn command(rest: &[u8]) -> Option<usize> {
    Some(3 + usize::from(*rest.get(2)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_a_direct_message() {
        let mut message =
            b"\x01\x00\x04\x00\x00\x1f\x00\x15\x00\x00\x00\x09\x08\x00\x01\x02\xf4\xf5\xf6\xf7\xf8".to_vec();
        assert_eq!(probe(Side::Src, &message), Verdict::Yes);
        message[12] = 7;
        assert_eq!(probe(Side::Src, &message), Verdict::No);
    }
}
