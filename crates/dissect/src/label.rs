// SPDX-License-Identifier: Apache-2.0
//! What a flow is called, with confidence and reason: the protocol that its content showed, the service that names in the
//! conversation tell, and what stands around them (what carries it, what TLS carries, a person's signatures).

use std::borrow::Cow;
use std::net::IpAddr;

use minamo_model::Flow;

use crate::ports::{self, InTls};
use crate::service::{Services, category_of, service_of, service_of_certificate};
use crate::signature::{Found, Seen};
use crate::{Category, Protocol, reason};

/// What a label is made of, besides the facts in the row.
#[derive(Clone)]
pub struct Label {
    protocol: Option<&'static Protocol>,
    more: Option<Box<More>>,
}

/// What few labels have.
#[derive(Clone)]
pub(crate) struct More {
    /// The usual port that the protocol was told by, together with the form of a message only.
    pub(crate) port: Option<u16>,
    pub(crate) carrier: Option<&'static Protocol>,
    pub(crate) name: Option<&'static str>,
    pub(crate) relayed: Option<&'static str>,
    pub(crate) seen: Option<Seen>,
}

impl More {
    const NONE: &Self = &Self { port: None, carrier: None, name: None, relayed: None, seen: None };

    fn is_empty(&self) -> bool {
        let Self { port, carrier, name, relayed, seen } = self;
        port.is_none() && carrier.is_none() && name.is_none() && relayed.is_none() && seen.is_none()
    }
}

impl Label {
    pub(crate) fn new(protocol: Option<&'static Protocol>, more: More) -> Self {
        Self { protocol, more: (!more.is_empty()).then(|| Box::new(more)) }
    }

    fn more(&self) -> &More {
        self.more.as_deref().unwrap_or(More::NONE)
    }

    /// The protocol, where one was recognised.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.protocol
    }

    /// True where neither a protocol nor a condition of a signature was recognised.
    pub fn is_empty(&self) -> bool {
        self.protocol.is_none() && self.more().seen.as_ref().is_none_or(|seen| !seen.has_hits())
    }

    /// Writes label, category, confidence and reason into a row between these ports, which has all facts and its start, with a
    /// person's own services at that time.
    pub fn tell(&self, own: &Services, ports: (u16, u16), flow: &mut Flow) {
        let own = own.at(flow.core.time_start);
        let signature =
            self.more().seen.as_ref().and_then(|seen| seen.conclude(asked_name(flow).map(|(_, host)| host), ports));
        let mut reasons = Vec::new();
        match self.protocol {
            Some(protocol) => self.tell_content(protocol, signature.as_ref(), own, ports, &mut reasons, flow),
            None => {
                flow.core.app =
                    signature.as_ref().map_or("Unknown".into(), |found| found.application.to_owned().into());
                flow.core.app_confidence = "none".into();
            }
        }
        let category = match signature.as_ref().and_then(|found| found.category) {
            Some(category) => category,
            None => category_of(own, &flow.core.app),
        };
        flow.core.app_category = (category != Category::Unspecified).then(|| category.name().into());
        if let Some(found) = signature {
            flow.core.app_confidence = "signature".into();
            reasons.push(reason::SIGNATURE.fill(&[found.name, &found.evidence]));
            if !found.others.is_empty() {
                reasons.push(reason::SIGNATURES.fill(&[&found.others.join(", ")]));
            }
        }
        let reason = if reasons.len() == 1 { reasons.pop().unwrap_or_default() } else { reason::join(&reasons) };
        flow.core.app_reason = (!reason.is_empty()).then(|| reason.into());
    }

    /// The label of a protocol, with the service that names or a signature tell.
    fn tell_content(
        &self,
        protocol: &'static Protocol,
        signature: Option<&Found<'_>>,
        own: &Services,
        ports: (u16, u16),
        reasons: &mut Vec<String>,
        flow: &mut Flow,
    ) {
        let mut name = self.more().name.unwrap_or(protocol.name);
        flow.core.encrypted = Some(protocol.encrypted || flow.tls.is_some());
        flow.core.app_confidence = if self.more().port.is_some() { "partial" } else { "content" }.into();
        reasons.push(match self.more().port {
            Some(port) => reason::FORM.fill(&[protocol.title, &port.to_string()]),
            None => reason::CONTENT.fill(&[protocol.title]),
        });
        if let Some(carrier) = self.more().carrier {
            reasons.push(reason::CARRIED.fill(&[carrier.title]));
        }
        let mut service = match signature {
            Some(found) => Some(Named { service: found.application.to_owned(), told: None }),
            None => named_service(own, flow),
        };
        if let Some((asked, port)) = ports::name_service(name, ports) {
            flow.core.app_confidence = "partial".into();
            reasons.push(reason::PORT.fill(&[asked, &port.to_string()]));
            name = asked;
        }
        let offered = flow.tls.as_ref().and_then(|tls| tls.alpn.as_deref()).unwrap_or_default();
        match ports::in_tls(name, ports, host_name(flow), offered) {
            Some(InTls::Named(mail, column, host)) => {
                reasons.push(reason::MAIL.fill(&[mail, host, column]));
                name = mail;
            }
            Some(InTls::Mail(mail, port)) => {
                flow.core.app_confidence = "partial".into();
                reasons.push(reason::PORT.fill(&[mail, &port.to_string()]));
                name = mail;
            }
            Some(InTls::Dns(told)) if service.is_none() => {
                if told.is_none() {
                    flow.core.app_confidence = "partial".into();
                }
                reasons.push(match told {
                    Some(protocol) => reason::ALPN.fill(&[ports::DNS, protocol]),
                    None => reason::PORT.fill(&[ports::DNS, "853"]),
                });
                service = Some(Named { service: ports::DNS.into(), told: None });
            }
            Some(InTls::Offered(label, offer)) if service.is_none() => {
                reasons.push(reason::ALPN.fill(&[label, offer]));
                service = Some(Named { service: label.into(), told: None });
            }
            Some(InTls::Dns(_) | InTls::Offered(..)) | None => {}
        }
        flow.core.app = match service.filter(|named| name.rsplit('.').next() != Some(&*named.service)) {
            Some(Named { service, .. }) if signature.is_some_and(|found| found.replace) => service.into(),
            Some(Named { service, told }) => {
                if let Some((column, host)) = told {
                    reasons.push(reason::SERVICE.fill(&[&service, &host, column]));
                }
                format!("{}.{service}", self.inside(name)).into()
            }
            None => match (self.more().relayed, self.realm_service(own, name, flow)) {
                (Some(service), _) => format!("{}.{service}", self.inside(name)).into(),
                (_, Some((service, realm))) => {
                    reasons.push(reason::SERVICE.fill(&[service, realm, "stun_realm"]));
                    format!("{}.{service}", self.inside(name)).into()
                }
                _ => self.inside(name),
            },
        };
    }
}

impl Label {
    /// A name behind that of what carries it.
    fn inside(&self, name: &'static str) -> Cow<'static, str> {
        match self.more().carrier {
            Some(carrier) => format!("{}.{name}", carrier.name).into(),
            None => Cow::Borrowed(name),
        }
    }

    /// The service that a TURN server's realm names, where nothing else told one: STUN with what it carries, or with media.
    fn realm_service<'a>(&self, own: &'a Services, name: &str, flow: &'a Flow) -> Option<(&'a str, &'a str)> {
        let outer = self.more().carrier.map_or(name, |carrier| carrier.name);
        let realm = flow.stun.as_ref()?.realm.as_deref().filter(|_| self.more().relayed.is_none())?;
        matches!(outer, "STUN" | "STUN.RTP").then(|| Some((service_of(own, &realm.to_ascii_lowercase())?, realm)))?
    }
}

/// A service, and the column and value that tell it.
struct Named {
    service: String,
    told: Option<(&'static str, String)>,
}

/// The service that names in the conversation tell: what the client asked for; where it asked for none or for an address,
/// what the server's certificate is for; and last who made that certificate.
fn named_service(own: &Services, flow: &Flow) -> Option<Named> {
    let named = |service: &str, column, name: &str| Named {
        service: service.to_owned(),
        told: Some((column, name.to_owned())),
    };
    if let Some((column, host)) = asked_name(flow) {
        let service = service_of(own, host);
        if service.is_none() && column == "tls_sni" && is_of_tor_client(host) {
            return Some(named("Tor", column, host));
        }
        if service.is_some() || host.parse::<IpAddr>().is_err() && column != "tls_sni" {
            return service.map(|service| named(service, column, host));
        }
        if host.parse::<IpAddr>().is_err() {
            return certified(flow).map(|(service, column, name)| named(service, column, name));
        }
    }
    // Names that share a certificate with a host of somebody else's tell less than the others.
    let names = flow.tls.as_ref().and_then(|tls| tls.cert_names.as_deref()).unwrap_or_default();
    let found =
        || names.iter().filter_map(|name| Some((service_of(own, name.strip_prefix("*.").unwrap_or(name))?, name)));
    let special = found().find(|(service, _)| category_of(own, service) != Category::Cloud).or_else(|| found().next());
    match special {
        Some((service, name)) => Some(named(service, "tls_cert_names", name)),
        None => certified(flow).map(|(service, column, name)| named(service, column, name)),
    }
}

/// The service that subject or issuer of the certificate tell.
fn certified(flow: &Flow) -> Option<(&'static str, &'static str, &str)> {
    let tls = flow.tls.as_ref()?;
    let (subject, issuer) = (tls.cert_subject.as_deref(), tls.cert_issuer.as_deref());
    if let (Some(subject), Some(issuer)) = (subject, issuer)
        && is_of_tor(subject, issuer)
    {
        return Some(("Tor", "tls_cert_subject", subject));
    }
    [("tls_cert_subject", subject), ("tls_cert_issuer", issuer)]
        .into_iter()
        .find_map(|(column, name)| Some((service_of_certificate(name?)?, column, name?)))
}

/// The service that a certificate tells, where one was seen.
pub(crate) fn certified_service(flow: &Flow) -> Option<&'static str> {
    certified(flow).map(|(service, ..)| service)
}

/// What clients of Tor ask for (tor-spec, "Negotiating and initializing channels"): a name of random letters of base 32, which
/// nobody would choose: at least two of its digits, apart from each other, and few vowels.
fn is_of_tor_client(host: &str) -> bool {
    let Some(name) = host.strip_prefix("www.").and_then(|name| name.strip_suffix(".com")) else { return false };
    let base32 = (8..=25).contains(&name.len()) && name.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'2'..=b'7'));
    let runs = name.split(|letter: char| letter.is_ascii_digit()).filter(|run| !run.is_empty()).count();
    let digits = name.bytes().filter(u8::is_ascii_digit).count();
    let vowels = name.bytes().filter(|octet| matches!(octet, b'a' | b'e' | b'i' | b'o' | b'u')).count();
    base32 && digits >= 2 && runs >= 3 && vowels * 4 <= name.len()
}

/// The certificates of Tor's relays (tor-spec, "Negotiating and initializing channels"; the program's
/// `crypto_random_hostname`): random names of 8 to 20 letters of base 32 and nothing else, one below .net and its issuer
/// below .com.
fn is_of_tor(subject: &str, issuer: &str) -> bool {
    let random = |name: &str, end: &str| {
        let name = name.strip_prefix("CN=www.").and_then(|name| name.strip_suffix(end));
        name.is_some_and(|name| {
            (8..=20).contains(&name.len()) && name.bytes().all(|octet| matches!(octet, b'a'..=b'z' | b'2'..=b'7'))
        })
    };
    random(subject, ".net") && random(issuer, ".com")
}

/// The name that was asked for, with the column that holds it.
fn asked_name(flow: &Flow) -> Option<(&'static str, &str)> {
    [
        ("tls_sni", flow.tls.as_ref().and_then(|g| g.sni.as_deref())),
        ("http_host", flow.http.as_ref().and_then(|g| g.host.as_deref())),
        ("dns_query", flow.dns.as_ref().and_then(|g| g.query.as_deref())),
    ]
    .into_iter()
    .find_map(|(column, name)| Some((column, name?)))
}

/// The name that the conversation is about, with the column that holds it.
fn host_name(flow: &Flow) -> Option<(&'static str, &str)> {
    let from_certificate = flow.tls.as_ref().and_then(|g| g.cert_names.as_deref()?.first());
    asked_name(flow).or(from_certificate.map(|name| ("tls_cert_names", name.as_str())))
}
#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Classifier, Input, Side};

    #[test]
    fn a_service_stands_once_in_a_label() {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(true, 1, 2));
        let request = b"POST / HTTP/1.1\r\nHost: ocsp.digicert.com\r\nContent-Type: application/ocsp-request\r\n\r\n";
        classifier.stream(Side::Src, Input::Data(request), &mut flow);
        classifier.label(&mut flow);
        assert_eq!(flow.core.app, "HTTP.OCSP");
    }

    fn labelled(sni: Option<&str>, names: &[&str], subject: &str, own: &Services) -> (String, String) {
        let mut flow = Flow::default();
        let mut classifier = Classifier::new(true, 40_000, 443);
        classifier.stream(Side::Src, Input::Data(crate::protocols::tls_sample()), &mut flow);
        let tls = flow.tls.get_or_insert_default();
        tls.sni = sni.map(str::to_owned);
        tls.cert_names = Some(names.iter().map(|name| (*name).to_owned()).collect());
        tls.cert_subject = Some(subject.to_owned());
        classifier.label_with(own, &mut flow);
        (flow.core.app.into_owned(), flow.core.app_reason.unwrap_or_default().into_owned())
    }

    #[test]
    fn a_certificate_tells_where_the_client_names_nothing() {
        let label = |sni, names: &[&str], subject| labelled(sni, names, subject, &Services::default()).0;
        let shared = ["sni.cloudflaressl.com", "psiphon3.net"];
        assert_eq!(label(None, &shared, ""), "TLS.Psiphon", "not the one who hosts it");
        assert_eq!(label(None, &shared[..1], ""), "TLS.Cloudflare");
        assert_eq!(label(Some("www.example.org"), &shared, ""), "TLS", "what was asked for counts");
        assert_eq!(label(Some("192.0.2.1"), &[], "O=Fortinet, OU=FortiGate"), "TLS.FortiClient");
        assert_eq!(label(Some("gate.example.org"), &[], "O=Fortinet, OU=FortiGate"), "TLS.FortiClient");
        let (label, reason) = labelled(None, &[], "CN=hangouts", &Services::default());
        assert_eq!(label, "TLS.GoogleCall");
        assert!(reason.ends_with("; GoogleCall by the name CN=hangouts in tls_cert_subject"), "{reason}");
    }

    #[test]
    fn relays_of_tor_have_names_of_their_own_kind() {
        assert!(is_of_tor("CN=www.oqx5h7zqfhxr.net", "CN=www.2gnqwfmd6l3a.com"));
        assert!(!is_of_tor("CN=www.oqx5h7zqfhxr.net", "C=US, CN=www.2gnqwfmd6l3a.com"));
        assert!(!is_of_tor("CN=www.example.net", "CN=www.example.com"), "seven letters");
        assert!(!is_of_tor("CN=www.oqx5h7zqfhxr.com", "CN=www.2gnqwfmd6l3a.com"));
        assert!(is_of_tor_client("www.oqx5h7zqfhxr.com") && is_of_tor_client("www.2gnqw5fmd6l3xc4bzkq.com"));
        for other in
            ["www.example.com", "www.google24x7.com", "www.g2crowd.com", "www.s3browser.com", "www.b2b4cars.net"]
        {
            assert!(!is_of_tor_client(other), "{other}");
        }
    }

    #[test]
    fn own_services_are_told() {
        let own = Services::read("erp.example.org OurERP collaborative").expect("good");
        let (label, reason) = labelled(Some("a.erp.example.org"), &[], "", &own);
        assert_eq!(label, "TLS.OurERP");
        assert!(reason.ends_with("; OurERP by the name a.erp.example.org in tls_sni"), "{reason}");
    }
}
