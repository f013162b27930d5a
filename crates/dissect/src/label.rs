// SPDX-License-Identifier: Apache-2.0
//! How a flow is called: its protocol, and the service that names in the conversation tell, with confidence and reason.

use std::borrow::Cow;
use std::net::IpAddr;

use minamo_model::Flow;

use crate::ports::{self, InTls};
use crate::service::{Services, category_of, service_of, service_of_certificate};
use crate::{Category, Protocol, reason};

/// What a label is made of, besides the facts in the row.
#[derive(Clone, Copy)]
pub struct Label {
    pub(crate) protocol: Option<&'static Protocol>,
    /// What carries it.
    pub(crate) carrier: Option<&'static Protocol>,
    /// The exact label of the protocol.
    pub(crate) name: Option<&'static str>,
    /// The service of the carrier.
    pub(crate) relayed: Option<&'static str>,
}

impl Label {
    /// The protocol, where one was recognised.
    pub fn protocol(&self) -> Option<&'static Protocol> {
        self.protocol
    }

    /// Writes label, confidence and reason into a row between these ports, which has all facts; with a person's own
    /// services.
    pub fn tell(&self, own: &Services, ports: (u16, u16), flow: &mut Flow) {
        let Some(protocol) = self.protocol else {
            flow.core.app = "Unknown".into();
            flow.core.app_confidence = "none".into();
            return;
        };
        let mut name = self.name.unwrap_or(protocol.name);
        flow.core.encrypted = Some(protocol.encrypted || flow.tls.is_some());
        flow.core.app_confidence = "content".into();
        let mut reasons = vec![reason::CONTENT.fill(&[protocol.title])];
        if let Some(carrier) = self.carrier {
            reasons.push(reason::CARRIED.fill(&[carrier.title]));
        }
        let mut service = named_service(own, flow);
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
            Some(InTls::Dns(_)) | None => {}
        }
        flow.core.app = match service.filter(|named| name.rsplit('.').next() != Some(&*named.service)) {
            Some(Named { service, told }) => {
                if let Some((column, host)) = told {
                    reasons.push(reason::SERVICE.fill(&[&service, &host, column]));
                }
                format!("{name}.{service}").into()
            }
            None => match self.relayed {
                Some(service) => format!("{name}.{service}").into(),
                None => Cow::Borrowed(name),
            },
        };
        flow.core.app_reason = Some(reason::join(&reasons).into());
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
    }

    #[test]
    fn own_services_are_told() {
        let own = Services::read("erp.example.org OurERP collaborative").expect("good");
        let (label, reason) = labelled(Some("a.erp.example.org"), &[], "", &own);
        assert_eq!(label, "TLS.OurERP");
        assert!(reason.ends_with("; OurERP by the name a.erp.example.org in tls_sni"), "{reason}");
    }
}
