// SPDX-License-Identifier: Apache-2.0
//! First packets that exporters send (Cisco's element 44940, CESNET's 850) go through the dissectors, as if the probe had
//! seen them: server names, fingerprints and certificates come out of a switch's records. What the record itself tells is
//! left as it is.
//!
//! A packet is 1,300 octets at most: of a longer hello what stands in these is known.

use minamo_base::{FiveTuple, unhex};
use minamo_dissect::{Classifier, Input, Services, Side, join_names};
use minamo_model::{FLOWS, Flow};
use minamo_packet::{LinkType, Transport, decode};
use minamo_schema::{ColumnId, Value};

/// TCP.
const TCP: u8 = 6;

/// What came of the first packets of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Looked {
    /// Packets that dissectors looked at.
    pub(crate) read: u64,
    /// Packets that cannot be this flow's: other endpoints, or cut within their headers.
    pub(crate) unfit: u64,
}

/// True where a row has a first packet.
pub(crate) fn has(flow: &Flow) -> bool {
    flow.eta.as_ref().is_some_and(|eta| eta.src_initial_packet.is_some() || eta.dst_initial_packet.is_some())
}

/// Writes what the first packets of a row tell into it.
pub(crate) fn look(flow: &mut Flow) -> Looked {
    let mut looked = Looked::default();
    let Some(eta) = &flow.eta else { return looked };
    let core = &flow.core;
    let sent = FiveTuple {
        src: core.src_ip,
        dst: core.dst_ip,
        src_port: core.src_port,
        dst_port: core.dst_port,
        proto: core.proto,
    };
    // A record of one direction may be the server's.
    let swapped = sent.serves_by_port() == Some(true);
    let ends = if swapped { sent.reversed() } else { sent };
    let mut classifier = Classifier::new(core.proto == TCP, ends.src_port, ends.dst_port);
    let mut facts = Flow::default();
    let sides = [(&eta.src_initial_packet, sent, false), (&eta.dst_initial_packet, sent.reversed(), true)];
    // The client speaks first.
    let (first, second) = if swapped { (1, 0) } else { (0, 1) };
    for at in [first, second] {
        let Some((Some(text), tuple, back)) = sides.get(at) else { continue };
        let octets = unhex(text).unwrap_or_default();
        let Some(payload) = payload(&octets, *tuple) else {
            looked.unfit += 1;
            continue;
        };
        looked.read += 1;
        let side = if *back == swapped { Side::Src } else { Side::Dst };
        if core.proto == TCP {
            classifier.stream(side, Input::Data(payload), &mut facts);
        } else {
            classifier.datagram(side, payload, &mut facts);
        }
    }
    merge(flow, &classifier, facts, ends, swapped);
    looked
}

/// What a packet carries. Packets of Cisco begin with their IP header; those of CESNET are without headers. Nothing where
/// the header is that of another flow, or was cut.
fn payload(octets: &[u8], tuple: FiveTuple) -> Option<&[u8]> {
    match decode(LinkType::RAW, octets) {
        Ok(packet) if packet.tuple() == tuple => Some(packet.payload),
        Ok(packet) if matches!(packet.transport, Transport::Tcp(_) | Transport::Udp(..)) => None,
        _ if is_header(octets, tuple.proto) => None,
        // Text may have the first half octet of a header, but not its protocol.
        _ => Some(octets),
    }
}

/// True where the octets begin as an IP header does, as far as there are any.
fn is_header(octets: &[u8], proto: u8) -> bool {
    let at = match octets.first().map(|first| first >> 4) {
        Some(4) => 9,
        Some(6) => 6,
        _ => return false,
    };
    octets.get(at).is_none_or(|known| *known == proto)
}

/// Takes over the facts and the label where the row has none.
fn merge(flow: &mut Flow, classifier: &Classifier, mut facts: Flow, ends: FiveTuple, swapped: bool) {
    let named = flow.core.app_confidence == "none" || flow.core.app.is_empty();
    facts.core.proto = ends.proto;
    (facts.core.src_port, facts.core.dst_port) = (ends.src_port, ends.dst_port);
    classifier.label_with(&Services::default(), &mut facts);
    if facts.core.app_confidence != "none" {
        // What the exporter names is content here, too, where its packets say the same.
        if named || flow.core.app == facts.core.app {
            (flow.core.app, flow.core.app_confidence) = (facts.core.app.clone(), facts.core.app_confidence.clone());
            flow.core.app_reason = facts.core.app_reason.take();
        }
        flow.core.encrypted = flow.core.encrypted.or(facts.core.encrypted);
    }
    // What a client offers at most is no version of a session: over TCP the server's answer tells it, which is in the other record.
    if let Some(tls) = facts.tls.as_deref_mut().filter(|tls| ends.proto == TCP && tls.cipher.is_none()) {
        tls.version = None;
    }
    if swapped {
        facts.turn();
    } else if flow.host.is_none() {
        // The record's destination is the server.
        join_names(&mut facts, &[]);
    }
    for (id, _) in FLOWS.places().filter(|(id, _)| id.group != CORE.group) {
        let value = facts.get(id);
        if value != Value::Null && flow.get(id) == Value::Null {
            let fits = flow.set(id, &value);
            debug_assert!(fits, "rows have one type of each column");
        }
    }
}

/// A column of the group that every row has.
const CORE: ColumnId = Flow::at("src_ip");

#[cfg(test)]
mod tests {
    use minamo_base::{Ip, hex};
    use minamo_dissect::PROTOCOLS;

    use super::*;

    const CLIENT: [u8; 4] = [192, 0, 2, 1];
    const SERVER: [u8; 4] = [198, 51, 100, 7];

    /// The packet of one side with what the sample of TLS has of it.
    fn packet(side: Side) -> String {
        let tls = PROTOCOLS.iter().find(|protocol| protocol.name == "TLS").expect("registered");
        let (_, payload) = tls.sample.iter().find(|(of, _)| *of == side).expect("both sides");
        let (from, to, ports) =
            if side == Side::Src { (CLIENT, SERVER, (50_000, 443)) } else { (SERVER, CLIENT, (443, 50_000)) };
        let builder = etherparse::PacketBuilder::ipv4(from, to, 64).tcp(ports.0, ports.1, 1, 1_000);
        let mut out = Vec::new();
        builder.write(&mut out, payload).expect("a Vec takes all");
        hex(&out)
    }

    fn row(side: Side) -> Flow {
        let mut flow = Flow::default();
        let (src, dst) = if side == Side::Src { (CLIENT, SERVER) } else { (SERVER, CLIENT) };
        (flow.core.src_ip, flow.core.dst_ip, flow.core.proto) = (Ip::v4(src), Ip::v4(dst), TCP);
        (flow.core.src_port, flow.core.dst_port) = if side == Side::Src { (50_000, 443) } else { (443, 50_000) };
        (flow.core.app, flow.core.app_confidence) = ("Unknown".into(), "none".into());
        flow.eta.get_or_insert_default().src_initial_packet = Some(packet(side));
        flow
    }

    #[test]
    fn a_hello_tells_name_and_fingerprints() {
        let mut flow = row(Side::Src);
        flow.tls.get_or_insert_default().ja3 = Some("as the exporter has it".into());
        assert_eq!(look(&mut flow), Looked { read: 1, unfit: 0 });
        let tls = flow.tls.as_deref().expect("TLS");
        assert!(tls.ja4.is_some() && tls.sni.is_some(), "{tls:?}");
        let host = flow.host.as_deref().expect("a name of the server");
        assert_eq!((host.host_name.as_deref(), host.name_source.as_deref()), (tls.sni.as_deref(), Some("sni")));
        assert_eq!(tls.ja3.as_deref(), Some("as the exporter has it"));
        assert_eq!(tls.version, None, "what it offers is not what the server chooses");
        assert_eq!(flow.core.encrypted, Some(true));
        let mut named = row(Side::Src);
        (named.core.app, named.core.app_confidence) = ("HTTPS of ours".into(), "exporter".into());
        look(&mut named);
        assert_eq!((named.core.app.as_ref(), named.core.encrypted), ("HTTPS of ours", Some(true)));
        assert!(flow.core.app.starts_with("TLS") && flow.core.app_confidence == "content", "{:?}", flow.core.app);
    }

    #[test]
    fn the_record_of_the_server_tells_what_it_chose() {
        let mut flow = row(Side::Dst);
        assert_eq!(look(&mut flow), Looked { read: 1, unfit: 0 });
        let tls = flow.tls.as_deref().expect("TLS");
        assert!(tls.cipher.is_some() && tls.ja4.is_none() && flow.host.is_none(), "{flow:?}");
        let mut both = row(Side::Src);
        both.eta.get_or_insert_default().dst_initial_packet = Some(packet(Side::Dst));
        assert_eq!(look(&mut both).read, 2);
        assert!(both.tls.is_some_and(|tls| tls.cipher.is_some() && tls.ja4.is_some() && tls.version.is_some()));
    }

    #[test]
    fn a_packet_of_another_flow_tells_nothing() {
        let mut flow = row(Side::Src);
        flow.core.src_port = 50_001;
        assert_eq!((look(&mut flow), flow.tls), (Looked { read: 0, unfit: 1 }, None));
        let mut flow = row(Side::Src);
        flow.eta.get_or_insert_default().src_initial_packet = Some("4500".into());
        assert_eq!((look(&mut flow), flow.tls), (Looked { read: 0, unfit: 1 }, None));
        let mut flow = row(Side::Src);
        flow.core.dst_port = 80;
        let text = hex(b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n");
        flow.eta.get_or_insert_default().src_initial_packet = Some(text);
        assert_eq!((look(&mut flow).unfit, flow.core.app.as_ref()), (0, "HTTP"), "a payload without a header");
        assert!(!has(&Flow::default()));
    }
}
