// SPDX-License-Identifier: Apache-2.0
//! The flow row: one bidirectional conversation, or the part of it that one record covers.

mod community;
mod core;
mod enrich;
mod export;
mod judged;
mod merge;
mod protocols;

pub use self::community::Community;
pub use self::core::{Core, Exporter, Icmp, L2, Net, Npm, Sampling, Splt, Tcp, Tunnel};
pub use enrich::Enrich;
pub use export::{Eta, Extra, Firewall, Forwarding, Nat, Routing, User};
pub use judged::{Fingerprint, Host, Risk, Threat};
pub use merge::Merge;
pub use protocols::{
    BitTorrent, Control, Dcerpc, Dhcp, Dns, Ftp, Http, Kerberos, Ldap, Login, Mail, Ntlm, Ntp, Quic, Rdp, Sip, Smb,
    Snmp, Sql, Ssh, Stun, Tls, TlsChain,
};

use minamo_schema::row;

row! {
    /// One flow. `src` is the initiator, `dst` the responder.
    pub struct Flow, builder FlowBuilder, group FlowGroup {
        core: Core,
        l2: L2,
        net: Net,
        tunnel: Tunnel,
        icmp: Icmp,
        tcp: Tcp,
        npm: Npm,
        splt: Splt,
        sampling: Sampling,
        exporter: Exporter,
        tls: Tls,
        tls_chain: TlsChain,
        quic: Quic,
        http: Http,
        dns: Dns,
        ssh: Ssh,
        bittorrent: BitTorrent,
        rdp: Rdp,
        smb: Smb,
        mail: Mail,
        ftp: Ftp,
        ntp: Ntp,
        dhcp: Dhcp,
        sip: Sip,
        stun: Stun,
        ldap: Ldap,
        kerberos: Kerberos,
        ntlm: Ntlm,
        dcerpc: Dcerpc,
        login: Login,
        control: Control,
        sql: Sql,
        snmp: Snmp,
        host: Host,
        risk: Risk,
        fingerprint: Fingerprint,
        threat: Threat,
        enrich: Enrich,
        nat: Nat,
        firewall: Firewall,
        user: User,
        forwarding: Forwarding,
        routing: Routing,
        eta: Eta,
        extra: Extra,
        merge: Merge,
        community: Community,
    }
}
