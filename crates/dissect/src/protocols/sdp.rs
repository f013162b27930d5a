// SPDX-License-Identifier: Apache-2.0
//! Descriptions of sessions (SDP, RFC 8866): the endpoints that media will come to. Nothing else of them is read.

use minamo_base::Ip;

use super::text::{after, line};
use crate::{Announced, Host};

/// Media of a session whose endpoints are noted; a call has two or three.
const MEDIA_MAX: usize = 8;
/// Ports below are none of media: 0 refuses them (RFC 3264 §6), 9 says that ICE finds one (RFC 8839 §4.3.2).
const PORT_MIN: u16 = 1_024;

/// One `m=` line and what stands below it.
struct Media {
    port: u16,
    secured: bool,
    host: Option<Ip>,
    control: Option<u16>,
}

/// The endpoints of media over RTP in a description, as the protocol of this full name announced them.
pub(super) fn announced(description: &[u8], by: &'static str) -> Vec<Announced> {
    let (mut session, mut all): (Option<Ip>, Vec<Media>) = (None, Vec::new());
    let mut rest = description;
    while let Some((line, n)) = line(rest) {
        rest = rest.get(n..).unwrap_or_default();
        if let Some(media) = after(line, b"m=") {
            if all.len() >= MEDIA_MAX {
                break;
            }
            all.extend(Some(read(media).unwrap_or(Media { port: 0, secured: false, host: None, control: None })));
        } else if let Some(host) = after(line, b"c=").and_then(address) {
            match all.last_mut() {
                Some(media) => media.host = Some(host),
                None => session = Some(host),
            }
        } else if let (Some(media), Some(value)) = (all.last_mut(), after(line, b"a=")) {
            media.secured |= after(value, b"crypto:").is_some();
            media.control = after(value, b"rtcp:").and_then(number).or(media.control);
        }
    }
    let mut out = Vec::new();
    for media in all.into_iter().filter(|media| media.port >= PORT_MIN) {
        let Some(host) = media.host.or(session) else { continue };
        let (name, control_name) = if media.secured { ("SRTP", "SRTP") } else { ("RTP", "RTCP") };
        let control = media.control.or(media.port.checked_add(1));
        let of = |port, name| Announced::protocol(Host::At(host), port, false, (name, by));
        out.push(of(media.port, name));
        out.extend(control.filter(|control| *control != media.port).map(|control| of(control, control_name)));
    }
    out
}

/// `audio 49170 RTP/AVP 0`, for media over RTP (RFC 3551 §6, RFC 3711, RFC 4585, RFC 5764 §8).
fn read(media: &[u8]) -> Option<Media> {
    let mut words = media.split(|octet| *octet == b' ');
    let (_, port, transport) = (words.next()?, number(words.next()?)?, words.next()?);
    let secured = match transport {
        b"RTP/AVP" | b"RTP/AVPF" => false,
        b"RTP/SAVP" | b"RTP/SAVPF" | b"UDP/TLS/RTP/SAVP" | b"UDP/TLS/RTP/SAVPF" => true,
        _ => return None,
    };
    Some(Media { port, secured, host: None, control: None })
}

/// `IN IP4 192.0.2.1`, with a time to live behind a slash for groups.
fn address(value: &[u8]) -> Option<Ip> {
    let text = after(value, b"IN IP4 ").or(after(value, b"IN IP6 "))?;
    let text = text.split(|octet| matches!(octet, b'/' | b' ')).next()?;
    let ip: Ip = std::str::from_utf8(text).ok()?.parse().ok()?;
    // None: the other side is asked to hold the line (RFC 3264 §8.4).
    (ip != Ip::v4([0; 4]) && ip != Ip([0; 16])).then_some(ip)
}

/// The number that stands first, before a slash or a blank.
fn number(text: &[u8]) -> Option<u16> {
    let digits = text.iter().take_while(|octet| octet.is_ascii_digit()).count();
    std::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &[u8] = b"v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
        m=audio 49170 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n\
        m=video 51372/2 RTP/SAVP 31\r\nc=IN IP4 192.0.2.2/127\r\na=rtcp:53020\r\n\
        m=image 5000 udptl t38\r\nm=audio 0 RTP/AVP 8\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n";

    #[test]
    fn media_have_an_address_a_port_and_a_profile() {
        let at = |last, port, name| Announced::protocol(Host::At(Ip::v4([192, 0, 2, last])), port, false, (name, "by"));
        let want = [at(1, 49_170, "RTP"), at(1, 49_171, "RTCP"), at(2, 51_372, "SRTP"), at(2, 53_020, "SRTP")];
        assert_eq!(announced(OFFER, "by"), want);
    }

    #[test]
    fn what_has_no_address_or_too_many_media_is_bounded() {
        assert!(announced(b"m=audio 49170 RTP/AVP 0\r\n", "by").is_empty());
        assert!(announced(b"c=IN IP4 0.0.0.0\r\nm=audio 49170 RTP/AVP 0\r\n", "by").is_empty(), "held");
        let many = [b"c=IN IP6 2001:db8::1\r\n".to_vec(), b"m=audio 49170 RTP/AVP 0\n".repeat(1_000)].concat();
        assert_eq!(announced(&many, "by").len(), 2 * MEDIA_MAX);
        for n in 0..OFFER.len() {
            announced(&OFFER[..n], "by");
        }
    }
}
