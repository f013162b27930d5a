// SPDX-License-Identifier: Apache-2.0
//! What TLS carries where nothing inside it can be seen: the port that is registered for it speaks, together with what the
//! handshake says. And which of two services is asked whose messages have one form. A port alone is never proof: the label
//! says `partial` then.

/// Label of DNS in TLS, QUIC and HTTPS.
pub(crate) const DNS: &str = "DoH_DoT";

/// What is carried, and what tells it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InTls<'a> {
    /// Mail, by the port and by a server that is named after its work: label, column, name.
    Named(&'static str, &'static str, &'a str),
    /// Mail, by the port where no name is to be seen: label, port.
    Mail(&'static str, u16),
    /// DNS: by the protocol that the client offered, or by the port only.
    Dns(Option<&'static str>),
    /// Another protocol or service, by what the client offered: label, offer.
    Offered(&'static str, &'static str),
}

/// Names for ALPN (RFC 7301 §6, IANA's registry) that stand for one protocol, and those by which operators tell their services
/// (Apple, push notifications; AWS IoT Core, "Device communication protocols"), with their labels.
const OFFERS: [(&str, &str); 27] = [
    ("apns-security-v3", "ApplePush"),
    ("apns-security-v2", "ApplePush"),
    ("apns-pack-v1", "ApplePush"),
    ("bep-relay", "Syncthing"),
    ("bep/1.0", "Syncthing"),
    ("co", "COAP"),
    ("coap", "COAP"),
    ("ftp", "FTPS"),
    ("imap", "IMAPS"),
    ("irc", "IRC"),
    ("mqtt", "MQTT"),
    ("nnsp", "Usenet"),
    ("nntp", "Usenet"),
    ("ntske/1", "NTP"),
    ("pop3", "POPS"),
    ("postgresql", "PostgreSQL"),
    ("radius/1.0", "Radius"),
    ("radius/1.1", "Radius"),
    ("sip/2", "SIP"),
    ("smb", "SMBv23"),
    ("stun.nat-discovery", "STUN"),
    ("stun.turn", "STUN"),
    ("sunrpc", "NFS"),
    ("tds/8.0", "MsSQL-TDS"),
    ("x-amzn-mqtt-ca", "MQTT"),
    ("xmpp-client", "Jabber"),
    ("xmpp-server", "Jabber"),
];

/// What TLS, DTLS or QUIC between these ports carries, with the name that the conversation is about and the protocols
/// that the client offered.
pub(crate) fn in_tls<'a>(
    name: &str,
    ports: (u16, u16),
    host: Option<(&'static str, &'a str)>,
    offered: &[String],
) -> Option<InTls<'a>> {
    if !matches!(name, "TLS" | "DTLS" | "QUIC") {
        return None;
    }
    // RFC 7858 §3.1, RFC 8094 §3.1 and RFC 9250 §4.1.1; the names are registered for ALPN (RFC 7301 §6).
    // Drafts of the latter had a number behind theirs.
    let is_dns = |offer: &&String| *offer == "dot" || *offer == "doq" || offer.starts_with("doq-i");
    if let Some(offer) = offered.iter().find(is_dns) {
        return Some(InTls::Dns(Some(if offer == "dot" { "dot" } else { "doq" })));
    }
    // AnyDesk puts its version and system behind its name.
    if !offered.is_empty() && offered.iter().all(|offer| offer.starts_with("anydesk/")) {
        return Some(InTls::Offered("AnyDesk", "anydesk"));
    }
    let only =
        |offer: &str| !offered.is_empty() && offered.iter().all(|other| other == offer || other.starts_with("apns-"));
    if let Some((offer, label)) = OFFERS.into_iter().find(|(offer, _)| only(offer)) {
        return Some(InTls::Offered(label, offer));
    }
    let port = [ports.1, ports.0].into_iter().find(|port| matches!(port, 465 | 853 | 993 | 995))?;
    if !offered.is_empty() && offered.iter().all(|offer| offer.starts_with("h2") || offer.starts_with("http/")) {
        return None;
    }
    if port == 853 {
        return Some(InTls::Dns(None));
    }
    mail(port, host).filter(|_| name == "TLS")
}

/// The name service of NetBIOS has the messages of DNS (RFC 1002 §4.2): on the other's port it is the other that is asked.
/// The label that the port makes of what the content says, and the port.
pub(crate) fn name_service(name: &str, ports: (u16, u16)) -> Option<(&'static str, u16)> {
    let on = |port| ports.0 == port || ports.1 == port;
    match name {
        "NetBIOS" if on(53) && !on(137) => Some(("DNS.NetBIOS", 53)),
        "DNS" if on(137) && !on(53) => Some(("NetBIOS", 137)),
        _ => None,
    }
}

/// Mail in TLS from its first octet on (RFC 8314 §3).
fn mail<'a>(port: u16, host: Option<(&'static str, &'a str)>) -> Option<InTls<'a>> {
    let (label, work): (_, &[&str]) = match port {
        993 => ("IMAPS", &["imap", "mail", "outlook"]),
        995 => ("POPS", &["pop", "mail", "outlook"]),
        _ => ("SMTPS", &["smtp", "mail", "mx", "outlook"]),
    };
    let Some((column, host)) = host else { return Some(InTls::Mail(label, port)) };
    let first = host.split('.').next().unwrap_or_default();
    work.iter().any(|word| first.starts_with(word)).then_some(InTls::Named(label, column, host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(protocols: &[&str]) -> Vec<String> {
        protocols.iter().map(|protocol| (*protocol).to_owned()).collect()
    }

    #[test]
    fn mail_needs_its_port_and_no_name_that_says_otherwise() {
        let host = |name| Some(("tls_sni", name));
        let imap = in_tls("TLS", (40_000, 993), host("imap.example.org"), &[]);
        assert_eq!(imap, Some(InTls::Named("IMAPS", "tls_sni", "imap.example.org")));
        assert_eq!(in_tls("TLS", (40_000, 993), host("www.example.org"), &[]), None);
        assert_eq!(in_tls("TLS", (40_000, 443), host("imap.example.org"), &[]), None);
        assert_eq!(in_tls("HTTP", (40_000, 993), host("imap.example.org"), &[]), None);
        assert_eq!(in_tls("TLS", (993, 40_000), None, &[]), Some(InTls::Mail("IMAPS", 993)));
        assert_eq!(in_tls("TLS", (40_000, 993), None, &offering(&["h2", "http/1.1"])), None);
        assert_eq!(in_tls("DTLS", (40_000, 993), None, &[]), None);
    }

    #[test]
    fn what_is_offered_alone_is_what_is_carried() {
        let told = |offers: &[&str]| in_tls("TLS", (40_000, 443), None, &offering(offers));
        assert_eq!(told(&["x-amzn-mqtt-ca"]), Some(InTls::Offered("MQTT", "x-amzn-mqtt-ca")));
        assert_eq!(told(&["apns-security-v3", "apns-pack-v1"]), Some(InTls::Offered("ApplePush", "apns-security-v3")));
        assert_eq!(told(&["mqtt", "http/1.1"]), None, "either");
        assert_eq!(told(&["h2"]), None);
        assert_eq!(told(&["anydesk/6.2.0/linux"]), Some(InTls::Offered("AnyDesk", "anydesk")));
        assert_eq!(told(&["doq-i02"]), Some(InTls::Dns(Some("doq"))));
    }

    #[test]
    fn one_form_two_services() {
        assert_eq!(name_service("NetBIOS", (40_000, 53)), Some(("DNS.NetBIOS", 53)));
        assert_eq!(name_service("DNS", (137, 137)), Some(("NetBIOS", 137)));
        assert_eq!(name_service("DNS", (137, 53)), None);
        assert_eq!(name_service("NetBIOS", (40_000, 5_353)), None);
    }

    #[test]
    fn dns_is_told_by_what_the_client_offers_or_by_its_port() {
        assert_eq!(in_tls("QUIC", (40_000, 784), None, &offering(&["doq"])), Some(InTls::Dns(Some("doq"))));
        assert_eq!(in_tls("TLS", (40_000, 853), Some(("tls_sni", "example.org")), &[]), Some(InTls::Dns(None)));
        assert_eq!(in_tls("TLS", (40_000, 853), None, &offering(&["h2"])), None);
        assert_eq!(in_tls("DNS", (40_000, 853), None, &[]), None);
    }
}
