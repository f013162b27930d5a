// SPDX-License-Identifier: Apache-2.0
//! SOAP without HTTP (W3C SOAP 1.2 part 1 §5.1): an envelope in one of its two name spaces. Over HTTP the flow is HTTP.

use super::tell::*;

/// The registry's row.
pub(super) static PROTOCOL: Protocol = Protocol {
    name: "SOAP",
    title: "SOAP",
    category: Category::Rpc,
    spec: &["W3C SOAP 1.1", "W3C SOAP 1.2"],
    first: First::Of(b"<"),
    late: true,
    probe,
    sample: &[(
        Side::Src,
        b"<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"><so\
        ap:Body/></soap:Envelope>",
    )],
    ..Protocol::BOTH
};

fn probe(_: Side, data: &[u8]) -> Verdict {
    let start = data.get(..512).unwrap_or(data);
    if begins_with_any(start, &[b"<?xml ", b"<soap", b"<s:Env", b"<SOAP", b"<env:", b"<Envel"]) == Verdict::No {
        return Verdict::No;
    }
    let named =
        contains(start, b"schemas.xmlsoap.org/soap/envelope") || contains(start, b"www.w3.org/2003/05/soap-envelope");
    if contains(start, b"/ws/2005/04/discovery") || contains(start, b"/ws-dd/ns/discovery/") {
        return Verdict::No;
    }
    if named && contains(start, b"Envelope") {
        Verdict::Yes
    } else {
        maybe_if(start.len() < 512 && start.iter().all(|octet| *octet >= 9))
    }
}
