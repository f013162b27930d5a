// SPDX-License-Identifier: Apache-2.0
//! What a content is, by its first octets: programs that can be run, archives, documents, pictures. Each form is told by
//! what its specification puts at the start, and by a second sign where two octets would be too few.

use minamo_base::Cursor;

/// Octets of a content that are wanted for a look: the header of a Windows program and its stub fit.
pub const LOOK: usize = 512;

/// What a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Short name: `exe`, `png`.
    pub name: &'static str,
    /// Class of kinds.
    pub class: Class,
}

/// Classes of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Runs where it is opened.
    Program,
    /// Holds other files.
    Archive,
    /// Is read.
    Document,
    /// Is seen or heard.
    Media,
}

const fn kind(name: &'static str, class: Class) -> Kind {
    Kind { name, class }
}

/// Kinds that their first octets tell.
const STARTS: &[(&[u8], Kind)] = &[
    (b"\x7fELF", kind("elf", Class::Program)),
    (b"\xfe\xed\xfa\xce", kind("macho", Class::Program)),
    (b"\xfe\xed\xfa\xcf", kind("macho", Class::Program)),
    (b"\xce\xfa\xed\xfe", kind("macho", Class::Program)),
    (b"\xcf\xfa\xed\xfe", kind("macho", Class::Program)),
    (b"dex\n03", kind("dex", Class::Program)),
    (b"#!/", kind("script", Class::Program)),
    (b"#! /", kind("script", Class::Program)),
    (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F", kind("lnk", Class::Program)),
    (b"\0asm\x01\0\0\0", kind("wasm", Class::Program)),
    (b"PK\x03\x04", kind("zip", Class::Archive)),
    (b"PK\x05\x06", kind("zip", Class::Archive)),
    (b"Rar!\x1a\x07", kind("rar", Class::Archive)),
    (b"7z\xbc\xaf\x27\x1c", kind("7z", Class::Archive)),
    (b"\x1f\x8b\x08", kind("gzip", Class::Archive)),
    (b"\xfd7zXZ\0", kind("xz", Class::Archive)),
    (b"\x28\xb5\x2f\xfd", kind("zstd", Class::Archive)),
    (b"BZh", kind("bzip2", Class::Archive)),
    (b"MSCF\0\0\0\0", kind("cab", Class::Archive)),
    (b"%PDF-", kind("pdf", Class::Document)),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", kind("ole", Class::Document)),
    (b"{\\rtf", kind("rtf", Class::Document)),
    (b"\x89PNG\r\n\x1a\n", kind("png", Class::Media)),
    (b"\xff\xd8\xff", kind("jpeg", Class::Media)),
    (b"GIF87a", kind("gif", Class::Media)),
    (b"GIF89a", kind("gif", Class::Media)),
    (b"OggS\0", kind("ogg", Class::Media)),
    (b"\x1aE\xdf\xa3", kind("matroska", Class::Media)),
    (b"fLaC", kind("flac", Class::Media)),
    (b"wOFF", kind("woff", Class::Media)),
    (b"wOF2", kind("woff", Class::Media)),
];

/// The kind of a content that begins so.
pub fn kind_of(content: &[u8]) -> Option<Kind> {
    if content.starts_with(b"MZ") {
        return is_windows_program(content).then_some(kind("exe", Class::Program));
    }
    // A class file of Java shares its first octets with universal programs of macOS; what follows is a version or a count.
    if let Some([0xca, 0xfe, 0xba, 0xbe, a, b, c, d, ..]) = content.first_chunk::<8>() {
        let number = u32::from_be_bytes([*a, *b, *c, *d]);
        return Some(kind(if (45..=100).contains(&number) { "class" } else { "macho" }, Class::Program))
            .filter(|_| (1..=100).contains(&number));
    }
    if content.get(4..8) == Some(b"ftyp") {
        return Some(kind("mp4", Class::Media));
    }
    if content.starts_with(b"RIFF") {
        let form = content.get(8..12)?;
        return [(&b"WEBP"[..], "webp"), (b"WAVE", "wav"), (b"AVI ", "avi")]
            .into_iter()
            .find(|(name, _)| *name == form)
            .map(|(_, name)| kind(name, Class::Media));
    }
    let found = STARTS.iter().find(|(start, _)| content.starts_with(start)).map(|(_, kind)| *kind)?;
    if found.name == "bzip2" && !content.get(3).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some(if found.name == "zip" { packed(content) } else { found })
}

/// A program of DOS or Windows: the place of its newer header holds `PE`, or lies where one can be and the stub follows.
fn is_windows_program(content: &[u8]) -> bool {
    let mut cursor = Cursor::new(content);
    let Ok(place) = cursor.skip(0x3c, "mz.header").and_then(|()| cursor.array::<4>("mz.e_lfanew")) else {
        return false;
    };
    let place = usize::try_from(u32::from_le_bytes(place)).unwrap_or(usize::MAX);
    if !(0x40..0x1_0000).contains(&place) {
        return false;
    }
    match content.get(place..place.saturating_add(4)) {
        Some(signature) => signature == b"PE\0\0" || signature.starts_with(b"NE") || signature.starts_with(b"LE"),
        None => memchr::memmem::find(content, b"This program").is_some(),
    }
}

/// What an archive is for, by the name of its first file (APPNOTE.TXT §4.3.7).
fn packed(content: &[u8]) -> Kind {
    let names: [(&[u8], Kind); 5] = [
        (b"AndroidManifest.xml", kind("apk", Class::Program)),
        (b"classes.dex", kind("apk", Class::Program)),
        (b"META-INF/", kind("jar", Class::Program)),
        (b"[Content_Types].xml", kind("ooxml", Class::Document)),
        (b"mimetypeapplication/", kind("opendocument", Class::Document)),
    ];
    let name = content.get(30..).unwrap_or_default();
    names.into_iter().find(|(start, _)| name.starts_with(start)).map_or(kind("zip", Class::Archive), |(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The header of a Windows program whose newer header begins at `place`, of `len` octets.
    pub(crate) fn program(place: u32, len: usize) -> Vec<u8> {
        let mut out = vec![0; len];
        out[..2].copy_from_slice(b"MZ");
        out[0x3c..0x40].copy_from_slice(&place.to_le_bytes());
        if let Some(signature) = out.get_mut(place as usize..place as usize + 4) {
            signature.copy_from_slice(b"PE\0\0");
        }
        out
    }

    fn name(content: &[u8]) -> Option<&'static str> {
        kind_of(content).map(|kind| kind.name)
    }

    #[test]
    fn kinds_by_their_first_octets() {
        assert_eq!(name(&program(0x80, 512)), Some("exe"));
        assert_eq!(name(b"\x7fELF\x02\x01\x01"), Some("elf"));
        assert_eq!(name(b"#!/bin/sh\n"), Some("script"));
        assert_eq!(name(b"\xca\xfe\xba\xbe\0\0\0\x34"), Some("class"));
        assert_eq!(name(b"\xca\xfe\xba\xbe\0\0\0\x02"), Some("macho"));
        assert_eq!(name(b"%PDF-1.7"), Some("pdf"));
        assert_eq!(name(b"\x89PNG\r\n\x1a\n"), Some("png"));
        let zip = |inner: &[u8]| [&b"PK\x03\x04"[..], &[0; 26], inner].concat();
        assert_eq!(name(&zip(b"AndroidManifest.xml")), Some("apk"));
        assert_eq!(name(&zip(b"[Content_Types].xml")), Some("ooxml"));
        assert_eq!(name(&zip(b"a.txt")), Some("zip"));
    }

    #[test]
    fn two_letters_are_no_proof() {
        assert_eq!(
            name(b"MZ is a town in Germany, with many more letters behind its name to fill the header up"),
            None
        );
        let mut stub = program(0x1000, 300);
        assert_eq!(name(&stub), None, "its newer header is not seen and nothing else tells");
        stub[0x4e..0x5a].copy_from_slice(b"This program");
        assert_eq!(name(&stub), Some("exe"));
        assert_eq!(name(b"BZhang"), None);
        assert_eq!(name(b""), None);
    }

    proptest! {
        #[test]
        fn arbitrary_octets_do_no_harm(content: Vec<u8>) {
            let _kind = kind_of(&content);
        }
    }
}
