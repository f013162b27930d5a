// SPDX-License-Identifier: Apache-2.0
//! HPACK (RFC 7541): the fields of HTTP/2's header blocks. Both tables and the code of appendix B; what does not read ends the
//! whole, as the tables would go wrong. Bounded in the dynamic table and in the length of a text.

use std::collections::VecDeque;

use minamo_base::Cursor;

/// Size of the dynamic table before anybody changes it (RFC 9113 §6.5.2), and the largest that is followed.
const TABLE_DEFAULT: usize = 4_096;
const TABLE_MAX: usize = 16_384;
/// What an entry counts besides its texts (RFC 7541 §4.1).
const ENTRY: usize = 32;
/// Longest text that is read.
const TEXT_MAX: usize = 16_384;

/// The state of one direction.
pub(super) struct Decoder {
    /// The latest entry first.
    entries: VecDeque<(Vec<u8>, Vec<u8>)>,
    size: usize,
    max: usize,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 0, max: TABLE_DEFAULT }
    }
}

impl Decoder {
    /// Reads a whole header block; names and values go to `each`. Nothing where it does not read: then no later block does.
    pub(super) fn read(&mut self, block: &[u8], each: &mut dyn FnMut(&[u8], &[u8])) -> Option<()> {
        let mut cursor = Cursor::new(block);
        while let Some(first) = cursor.rest().first().copied() {
            match first {
                // An indexed field (§6.1).
                0x80.. => {
                    let (name, value) = self.entry(number(&mut cursor, 7)?)?;
                    each(&name, &value);
                }
                // A literal that goes into the table (§6.2.1).
                0x40..0x80 => {
                    let (name, value) = self.literal(&mut cursor, 6)?;
                    each(&name, &value);
                    self.add(name, value);
                }
                // Another size of the table (§6.3).
                0x20..0x40 => {
                    self.max = Some(number(&mut cursor, 5)?).filter(|max| *max <= TABLE_MAX)?;
                    self.evict();
                }
                // A literal that does not (§6.2.2, §6.2.3).
                0..0x20 => {
                    let (name, value) = self.literal(&mut cursor, 4)?;
                    each(&name, &value);
                }
            }
        }
        Some(())
    }

    /// Name and value at an index: the static table first, then the latest entries (§2.3.3).
    fn entry(&self, index: usize) -> Option<(Vec<u8>, Vec<u8>)> {
        match index.checked_sub(STATIC.len() + 1) {
            Some(at) => self.entries.get(at).cloned(),
            None => STATIC.get(index.checked_sub(1)?).map(|(name, value)| (name.to_vec(), value.to_vec())),
        }
    }

    fn literal(&self, cursor: &mut Cursor<'_>, prefix: u8) -> Option<(Vec<u8>, Vec<u8>)> {
        let name = match number(cursor, prefix)? {
            0 => text(cursor)?,
            index => self.entry(index)?.0,
        };
        Some((name, text(cursor)?))
    }

    fn add(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.size += name.len() + value.len() + ENTRY;
        self.entries.push_front((name, value));
        self.evict();
    }

    /// Lets the oldest entries go that have no room; one that is too large empties the table (§4.4).
    fn evict(&mut self) {
        while self.size > self.max
            && let Some((name, value)) = self.entries.pop_back()
        {
            self.size = self.size.saturating_sub(name.len() + value.len() + ENTRY);
        }
    }
}

/// A number that begins in so many bits of an octet (§5.1).
fn number(cursor: &mut Cursor<'_>, prefix: u8) -> Option<usize> {
    let most = (1_usize << prefix) - 1;
    let first = usize::from(cursor.u8("hpack.number").ok()?) & most;
    if first < most {
        return Some(first);
    }
    let mut sum = most;
    for shift in [0, 7, 14, 21] {
        let octet = usize::from(cursor.u8("hpack.number").ok()?);
        sum = sum.checked_add((octet & 0x7f) << shift)?;
        if octet < 0x80 {
            return Some(sum);
        }
    }
    None
}

/// A text, as it is or by the code of appendix B (§5.2).
fn text(cursor: &mut Cursor<'_>) -> Option<Vec<u8>> {
    let coded = cursor.rest().first()? & 0x80 != 0;
    let length = number(cursor, 7).filter(|length| *length <= TEXT_MAX)?;
    let octets = cursor.take(length, "hpack.text").ok()?;
    if coded { decoded(octets) } else { Some(octets.to_vec()) }
}

/// The symbols of a coded text. Codes of one length follow each other in the order of their symbols, and those of a longer
/// length behind them: where a length begins tells all of them.
fn decoded(octets: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(octets.len() * 8 / 5);
    let (mut code, mut bits) = (0_u32, 0_usize);
    for octet in octets {
        for at in (0..8).rev() {
            code = code << 1 | u32::from(octet >> at & 1);
            bits += 1;
            let length = CODE.lengths.get(bits)?;
            if let Some(place) = code.checked_sub(length.first).filter(|place| *place < length.count) {
                let symbol = *CODE.symbols.get(usize::try_from(length.from + place).ok()?)?;
                // The end of text is never in one.
                out.push(u8::try_from(symbol).ok()?);
                (code, bits) = (0, 0);
            }
        }
    }
    // What is left are fewer than eight ones.
    (bits < 8 && code == (1 << bits) - 1).then_some(out)
}

/// Longest code.
const BITS_MAX: usize = 30;
/// Octets and the end of text.
const SYMBOLS: usize = 257;

/// Codes of one length.
#[derive(Clone, Copy)]
struct Length {
    /// The first of them, and how many there are.
    first: u32,
    count: u32,
    /// Where their symbols begin.
    from: u32,
}

/// The code, by length.
struct Code {
    lengths: [Length; BITS_MAX + 1],
    symbols: [u16; SYMBOLS],
}

static CODE: Code = code();

#[allow(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "worked out while compiling, within the arrays"
)]
const fn code() -> Code {
    let mut lengths = [Length { first: 0, count: 0, from: 0 }; BITS_MAX + 1];
    let mut symbols = [0; SYMBOLS];
    let (mut bits, mut next, mut filled) = (1, 0, 0);
    while bits <= BITS_MAX {
        next <<= 1;
        lengths[bits] = Length { first: next, count: 0, from: filled };
        let mut symbol = 0;
        while symbol < SYMBOLS {
            if LENGTHS[symbol] as usize == bits {
                symbols[filled as usize] = symbol as u16;
                lengths[bits].count += 1;
                filled += 1;
                next += 1;
            }
            symbol += 1;
        }
        bits += 1;
    }
    Code { lengths, symbols }
}

/// Bits of each symbol's code (RFC 7541 appendix B).
#[rustfmt::skip]
const LENGTHS: [u8; SYMBOLS] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

/// The static table (RFC 7541 appendix A).
const STATIC: [(&[u8], &[u8]); 61] = [
    (b":authority", b""),
    (b":method", b"GET"),
    (b":method", b"POST"),
    (b":path", b"/"),
    (b":path", b"/index.html"),
    (b":scheme", b"http"),
    (b":scheme", b"https"),
    (b":status", b"200"),
    (b":status", b"204"),
    (b":status", b"206"),
    (b":status", b"304"),
    (b":status", b"400"),
    (b":status", b"404"),
    (b":status", b"500"),
    (b"accept-charset", b""),
    (b"accept-encoding", b"gzip, deflate"),
    (b"accept-language", b""),
    (b"accept-ranges", b""),
    (b"accept", b""),
    (b"access-control-allow-origin", b""),
    (b"age", b""),
    (b"allow", b""),
    (b"authorization", b""),
    (b"cache-control", b""),
    (b"content-disposition", b""),
    (b"content-encoding", b""),
    (b"content-language", b""),
    (b"content-length", b""),
    (b"content-location", b""),
    (b"content-range", b""),
    (b"content-type", b""),
    (b"cookie", b""),
    (b"date", b""),
    (b"etag", b""),
    (b"expect", b""),
    (b"expires", b""),
    (b"from", b""),
    (b"host", b""),
    (b"if-match", b""),
    (b"if-modified-since", b""),
    (b"if-none-match", b""),
    (b"if-range", b""),
    (b"if-unmodified-since", b""),
    (b"last-modified", b""),
    (b"link", b""),
    (b"location", b""),
    (b"max-forwards", b""),
    (b"proxy-authenticate", b""),
    (b"proxy-authorization", b""),
    (b"range", b""),
    (b"referer", b""),
    (b"refresh", b""),
    (b"retry-after", b""),
    (b"server", b""),
    (b"set-cookie", b""),
    (b"strict-transport-security", b""),
    (b"transfer-encoding", b""),
    (b"user-agent", b""),
    (b"vary", b""),
    (b"via", b""),
    (b"www-authenticate", b""),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("text"), 16).expect("hex"))
            .collect()
    }

    fn fields(decoder: &mut Decoder, hex: &str) -> Option<Vec<String>> {
        let mut out = Vec::new();
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        decoder.read(&octets(hex), &mut |name, value| out.push(format!("{}={}", text(name), text(value))))?;
        Some(out)
    }

    #[test]
    fn requests_of_the_specification() {
        // RFC 7541 §C.4: coded, and the second and third lean on the first.
        let mut decoder = Decoder::default();
        let first = fields(&mut decoder, "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff").expect("reads");
        assert_eq!(first, [":method=GET", ":scheme=http", ":path=/", ":authority=www.example.com"]);
        let second = fields(&mut decoder, "8286 84be 5886 a8eb 1064 9cbf").expect("reads");
        assert_eq!(second[3..], [":authority=www.example.com", "cache-control=no-cache"]);
        let third = fields(&mut decoder, "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf").expect("reads");
        assert_eq!(
            third[1..],
            [":scheme=https", ":path=/index.html", ":authority=www.example.com", "custom-key=custom-value"]
        );
        assert_eq!(decoder.size, 164);
    }

    #[test]
    fn answers_of_the_specification_and_a_table_that_is_full() {
        // RFC 7541 §C.6, with a table of 256 octets.
        let mut decoder = Decoder { max: 256, ..Decoder::default() };
        let first = "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3";
        let read = fields(&mut decoder, first).expect("reads");
        assert_eq!(read[0], ":status=302");
        assert_eq!(read[3], "location=https://www.example.com");
        assert_eq!(fields(&mut decoder, "4883 640e ffc1 c0bf").expect("reads")[0], ":status=307");
        assert_eq!((decoder.size, decoder.entries.len()), (222, 4));
    }

    #[test]
    fn what_does_not_read_is_refused() {
        for bad in [
            "80",
            "ff ff ff ff ff ff",
            "be",
            "3f e1 ff 7f",
            "41 8c f1 e3",
            "00 81 ff 81 ff",
            "00 84 ff ff ff ff 00",
            "40 ff ff ff 7f",
        ] {
            assert_eq!(fields(&mut Decoder::default(), bad), None, "{bad}");
        }
    }

    #[test]
    fn the_table_is_bounded() {
        let mut decoder = Decoder::default();
        let entry = [&[0x40, 1, b'a', 0x7f, 0x81, 6][..], &[b'x'; 896]].concat();
        for _ in 0..100 {
            decoder.read(&entry, &mut |_, _| {}).expect("reads");
            assert!(decoder.size <= TABLE_DEFAULT && decoder.entries.len() <= 4);
        }
        decoder.read(&[0x20], &mut |_, _| {}).expect("reads");
        assert_eq!((decoder.size, decoder.entries.len()), (0, 0));
        decoder.read(&entry, &mut |_, _| {}).expect("no room is no error");
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_blocks_do_no_harm(blocks: Vec<Vec<u8>>) {
            let mut decoder = Decoder::default();
            for block in blocks {
                let mut count = 0;
                let _read: Option<()> = decoder.read(&block, &mut |_, _| count += 1);
                proptest::prop_assert!(count <= block.len() && decoder.size <= TABLE_MAX);
            }
        }
    }
}
