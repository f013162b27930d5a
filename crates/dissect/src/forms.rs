// SPDX-License-Identifier: Apache-2.0
//! Other forms of protocols than their sample: other versions, the other side first, the middle of a conversation; each on
//! ports that are nobody's. What is here keeps its label.

use minamo_model::Flow;

use crate::{Classifier, Input, Side};

use Side::{Dst, Src};

/// The label, true for a stream, and what is said.
type Form = (&'static str, bool, &'static [(Side, &'static [u8])]);

const FORMS: &[Form] = &[
    // A clock that says that it is more precise than a time stamp, to everybody.
    (
        "NTP",
        false,
        &[(
            Src,
            b"\x25\x01\x06\xdc\x00\x00\x00\x00\x00\x00\x00\x00PPS\x00\xe8\x10\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
            \x00\x00\x00\x00\x00\x00\x00\x00\xe8\x10\x00\x05\x40\x00\x00\x00",
        )],
    ),
    // An empty line in the request, and T.125.
    (
        "RDP",
        true,
        &[
            (Src, b"\x03\x00\x00\x0d\x08\xe0\x00\x00\x00\x00\x00\x0d\x0a"),
            (Dst, b"\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00"),
            (Src, b"\x03\x00\x01\xa0\x02\xf0\x80\x7f\x65\x82\x01\x94\x04\x01\x01\x04\x01\x01"),
        ],
    ),
    // Sybase numbers its packets from one.
    (
        "MsSQL-TDS",
        true,
        &[(
            Src,
            b"\x02\x00\x02\x00\x00\x00\x01\x00desk\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
            \x00\x00\x00\x00\x00\x04user",
        )],
    ),
    ("RESP", true, &[(Src, b"SET key \"a value\"\r\n"), (Dst, b"+OK\r\n")]),
    ("RESP", true, &[(Src, b"incr visits\r\n"), (Dst, b":17\r\n")]),
    ("ZeroMQ", true, &[(Src, b"\x01\x00"), (Dst, b"\x01\x00"), (Src, b"\x01\x01\x06\x00hello"), (Dst, b"\x04\x00yes")]),
    ("CNP-IP", false, &[(Src, b"\x00\x16\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x10\xaa\xbb")]),
    ("AliCloud", true, &[(Src, b"\xce\xfa\xbe\xba\x02\x00\x00\x00{}")]),
    ("SMPP", true, &[(Dst, b"\x00\x00\x00\x15\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x01smsc\x00")]),
    ("SMPP", true, &[(Dst, b"\x00\x00\x00\x10\x80\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x01")]),
    (
        "SMPP",
        true,
        &[(
            Src,
            b"\x00\x00\x00\x1e\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x05message7\x00\x01\x0112\x00",
        )],
    ),
    ("LDAP", true, &[(Src, b"\x30\x06\x02\x01\x06\x50\x01\x05")]),
    ("LDAP", true, &[(Src, b"\x30\x14\x02\x01\x07\x4a\x0fcn=a,dc=example")]),
    (
        "WebSocket",
        true,
        &[
            (Dst, b"\x89\x00"),
            (Src, b"\x8a\x80\x01\x02\x03\x04"),
            (Dst, b"\x89\x00"),
            (Src, b"\x8a\x80\x05\x06\x07\x08"),
            (Dst, b"\x89\x00"),
            (Src, b"\x8a\x80\x11\x12\x13\x14"),
        ],
    ),
    (
        "WebSocket",
        true,
        &[
            (Src, b"\xc1\x87\xe1\x7e\x8e\xb9\x95\x1b\xfd\xcd\xc1\x13\xeb"),
            (Dst, b"\xc1\x10\xaa\x56\xca\x48\xcd\xc9\xc9\x07\x00\x01\x02\x03\x04\x05\x06\x07"),
        ],
    ),
    (
        "NFS",
        true,
        &[(
            Src,
            b"\x80\x10\x00\xd4\x12\x34\x56\x78\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01\x86\xa3\x00\x00\x00\x04\x00\x00\x00\x01",
        )],
    ),
    ("Git", true, &[(Dst, b"00350123456789abcdef0123456789abcdef01234567 HEAD\0\n")]),
    ("Git", true, &[(Dst, b"000eversion 2\n")]),
    ("Cassandra", true, &[(Dst, b"\x84\x00\x00\x05\x08\x00\x00\x00\x04\x00\x00\x00\x01")]),
    ("Cassandra", true, &[(Src, b"\x04\x00\x00\x05\x09\x00\x00\x00\x0c\x00\x00\x00\x08SELECT 1")]),
    ("RTCP", false, &[(Src, b"\x81\xca\x00\x04\x11\x22\x33\x44\x01\x06user@a\x00\x00\x00\x00")]),
    ("RTCP", false, &[(Src, b"\x81\xcb\x00\x01\x11\x22\x33\x44")]),
    ("Memcached", true, &[(Src, b"incr visits 1\r\n"), (Dst, b"7\r\n")]),
    ("Memcached", true, &[(Src, b"delete some_key\r\n")]),
    ("Telnet", true, &[(Dst, b"\xff\xfb\x01\r\nlogin: ")]),
    ("Telnet", true, &[(Src, b"\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0")]),
    ("MQTT", true, &[(Src, b"\x32\xb4\x97\x02\x00\x08site/cam\x00\x07\xff\xd8\xff\xe0")]),
    ("MQTT", true, &[(Dst, b"\x20\x02\x00\x00")]),
    ("Thrift", true, &[(Src, b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Type: application/x-thrift\r\nContent-Length: 0\r\n\r\n")]),
    ("BitTorrent", true, &[(Src, b"\x00\x00\x00\x0d\x06\x00\x00\x01\x02\x00\x02\x40\x00\x00\x00\x40\x00")]),
    ("BitTorrent", true, &[(Dst, b"\x00\x00\x40\x09\x07\x00\x00\x01\x02\x00\x02\x40\x00\xaa\xbb\xcc\xdd")]),
    ("IMAP", true, &[(Dst, b"* 12 EXISTS\r\n* 1 RECENT\r\n")]),
    ("IMAP", true, &[(Src, b"a7 UID FETCH 4:9 (FLAGS)\r\n")]),
    ("FTP_CONTROL", true, &[(Dst, b"227 Entering Passive Mode (192,0,2,1,4,1)\r\n")]),
    // A request that is none, and what a server says to it.
    (
        "HTTP",
        true,
        &[
            (Src, b"OPTIONSHTTP/1.1\nHost: www.example.org\n\n"),
            (Dst, b"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
        ],
    ),
    (
        "HTTP",
        true,
        &[(Src, b"GET /HTTP/1.1\nHost: www.example.org\n\n"), (Dst, b"HTTP/1.0 403 Forbidden\r\nContent-Length: 0\r\n\r\n")],
    ),
    ("SMTP", true, &[(Src, b"MAIL FROM:<a@example.org> SIZE=200\r\n")]),
    ("SIP", true, &[(Src, b"\r\n\r\nOPTIONS sip:a.example SIP/2.0\r\nCSeq: 1 OPTIONS\r\n\r\n")]),
    ("AMQP", true, &[(Src, b"\x00\x00\x00\x08\x02\x00\x00\x00")]),
    ("AMQP", true, &[(Src, b"\x00\x00\x00\x10\x02\x00\x00\x01\x00\x53\x14\xc0\x03\x01\x43\x43")]),
    ("HTTP2", true, &[(Src, b"\x00\x00\x08\x06\x00\x00\x00\x00\x00\x02\x04\x10\x10\x09\x0e\x07\x07")]),
    (
        "HTTP2",
        true,
        &[(
            Dst,
            b"\x00\x00\x04\x08\x00\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x03\x00\x01\x00\x00\x00\x07abc",
        )],
    ),
    ("MySQL", true, &[(Src, b"\x09\x00\x00\x00\x03SELECT 1")]),
    ("MySQL", true, &[(Src, b"\x10\x02\x00\x00\x03insert into t values (1, 'a long one")]),
    (
        "MySQL",
        true,
        &[(
            Src,
            b"\x26\x00\x00\x01\x85\xa6\x3f\x20\x00\x00\x00\x01\x21\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\
            \x00\x00\x00\x00\x00root\x00\x00",
        )],
    ),
    ("PostgreSQL", true, &[(Src, b"Q\x00\x00\x00\x0dSELECT 1\x00")]),
    ("PostgreSQL", true, &[(Dst, b"C\x00\x00\x00\x0bLISTEN\x00Z\x00\x00\x00\x05I")]),
    ("PostgreSQL", true, &[(Src, b"B\x00\x00\x00\x0c\x00s1\x00\x00\x00\x00\x00E\x00\x00\x00\x09\x00\x00\x00\x00\x00S\x00\x00\x00\x04")]),
    ("AFP", true, &[(Src, b"\x00\x05\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")]),
    ("AFP", true, &[(Dst, b"\x01\x02\x00\x07\xff\xff\xec\x6a\x00\x00\x00\x00\x00\x00\x00\x00")]),
    ("AJP", true, &[(Src, b"\x12\x34\x00\x06\x00\x04a=1&")]),
    (
        "Armagetron",
        false,
        &[(Dst, b"\x00\x18\x00\x07\x00\x02\x00\x05\x12\x34\x00\x1c\x00\x08\x00\x01\x00\x01\x00\x00")],
    ),
];

#[test]
fn every_form_has_its_label() {
    let mut faults = Vec::new();
    for (name, stream, said) in FORMS {
        let (mut flow, mut classifier) = (Flow::default(), Classifier::new(*stream, 40_000, 40_001));
        for (side, data) in *said {
            if *stream {
                classifier.stream(*side, Input::Data(data), &mut flow);
            } else {
                classifier.datagram(*side, data, &mut flow);
            }
        }
        classifier.label(&mut flow);
        if !flow.core.app.split('.').any(|part| part == *name) {
            faults.push(format!("{name}: {} {said:?}", flow.core.app));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
