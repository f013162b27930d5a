// SPDX-License-Identifier: Apache-2.0
//! The protocols: one file each, one line each in the registry.

mod afp;
mod ajp;
mod among_us;
mod amqp;
mod ansi_c1222;
#[cfg(test)]
pub(crate) mod anything;
mod armagetron;
mod bacnet;
mod beckhoff_ads;
mod ber;
mod bfcp;
mod bfd;
mod bgp;
mod bitcoin;
mod bittorrent;
mod bjnp;
mod capwap;
mod cassandra;
mod ceph;
mod check_mk;
mod cip;
mod cisco_vpn;
mod citrix;
mod clickhouse;
mod cnp_ip;
mod coap;
mod collectd;
mod controller_area_network;
mod corba;
mod cpha;
mod dcerpc;
mod dhcp;
mod dhcpv6;
mod diameter;
mod discord;
mod dlep;
mod dlms;
mod dnp3;
mod dns;
mod dnscrypt;
mod dofus;
mod drda;
mod dropbox;
mod edonkey;
mod elasticsearch;
mod ether_s_bus;
mod ether_sio;
mod ethereum;
mod ethernet_global_data;
mod ethernetip;
mod fastcgi;
mod fins;
mod fix;
mod flute;
mod ftp;
mod ftp_data;
mod gearman;
mod genshin;
mod git;
mod gnutella;
mod gtp;
mod guild_wars;
mod haproxy;
mod hart_ip;
mod hislip;
mod hl7;
mod hsrp;
mod http;
mod http2;
mod iax;
mod icecast;
mod iec104;
mod imap;
mod ipsec;
mod irc;
mod iscsi;
mod jabber;
mod jrmi;
mod json_rpc;
mod kafka;
mod kcp;
mod kerberos;
mod kismet;
mod knx;
mod label;
mod ldap;
mod ldp;
mod lisp;
mod llmnr;
mod lotus_notes;
mod lustre;
mod mdns;
mod megaco;
mod memcached;
mod mgcp;
mod mi_push;
mod modbus;
mod monero;
mod mongodb;
mod mpeg_ts;
mod mqtt;
mod mssql;
mod mumble;
mod munin;
mod mysql;
mod nano;
mod nat_pmp;
mod nats;
mod netbios;
mod netflow;
mod nfs;
mod noe;
mod nomachine;
mod ntp;
mod oicq;
mod opc_ua;
mod open_game;
mod openflow;
mod openvpn;
mod openwire;
mod oracle;
mod pfcp;
mod pop3;
mod postgresql;
mod pptp;
mod protobuf;
mod ptp;
mod quic;
mod radius;
mod radmin;
mod raft;
mod raknet;
mod rdp;
mod rdp_udp;
mod redis;
mod rmcp;
mod roughtime;
mod rsh;
mod rsync;
mod rtcp;
mod rtmp;
mod rtp;
mod rtp_framed;
mod rtps;
mod rtsp;
mod rx;
mod sap;
mod sflow;
mod sip;
mod skinny;
mod slp;
mod smb;
mod smpp;
mod smtp;
mod snmp;
mod soap;
mod socks;
mod someip;
mod source_engine;
mod spotify;
mod ssdp;
mod ssh;
mod starcraft;
mod starttls;
mod steam_datagram;
mod steam_discovery;
mod stomp;
mod stratum;
mod stun;
mod synchrophasor;
mod syncthing;
mod syslog;
mod tailscale;
mod tank_gauge;
mod teamspeak;
mod teamviewer;
mod telegram;
mod tell;
mod telnet;
mod tencent_games;
mod teredo;
mod text;
mod tftp;
mod thrift;
mod tinc;
mod tivo;
pub(crate) mod tls;
mod tpkt;
mod tplink;
mod trdp;
mod tuya;
mod ubiquiti;
mod uftp;
mod usenet;
mod viber;
mod viber_chat;
mod vmware;
mod vnc;
mod vxlan;
mod warcraft3;
mod websocket;
mod whatsapp;
mod whois;
mod wireguard;
mod world_of_warcraft;
mod wsd;
mod xdmcp;
mod z3950;
mod zabbix;
mod zeromq;
mod zoom;

use crate::Protocol;
pub(crate) use label::Label;

/// Every protocol that the classifier knows.
pub static PROTOCOLS: &[&Protocol] = &[
    &afp::PROTOCOL,
    &ajp::PROTOCOL,
    &among_us::PROTOCOL,
    &amqp::PROTOCOL,
    &ansi_c1222::PROTOCOL,
    &armagetron::PROTOCOL,
    &bacnet::PROTOCOL,
    &beckhoff_ads::PROTOCOL,
    &bfcp::PROTOCOL,
    &bfd::PROTOCOL,
    &bgp::PROTOCOL,
    &bitcoin::PROTOCOL,
    &bittorrent::PROTOCOL,
    &bjnp::PROTOCOL,
    &capwap::PROTOCOL,
    &cassandra::PROTOCOL,
    &ceph::PROTOCOL,
    &check_mk::PROTOCOL,
    &cip::PROTOCOL,
    &cisco_vpn::PROTOCOL,
    &citrix::PROTOCOL,
    &clickhouse::PROTOCOL,
    &cnp_ip::PROTOCOL,
    &coap::PROTOCOL,
    &collectd::PROTOCOL,
    &controller_area_network::PROTOCOL,
    &corba::PROTOCOL,
    &cpha::PROTOCOL,
    &dcerpc::PROTOCOL,
    &dhcp::PROTOCOL,
    &dhcpv6::PROTOCOL,
    &diameter::PROTOCOL,
    &discord::PROTOCOL,
    &dlep::PROTOCOL,
    &dlms::PROTOCOL,
    &dnp3::PROTOCOL,
    &dns::PROTOCOL,
    &dnscrypt::PROTOCOL,
    &dofus::PROTOCOL,
    &drda::PROTOCOL,
    &dropbox::PROTOCOL,
    &edonkey::PROTOCOL,
    &elasticsearch::PROTOCOL,
    &ether_s_bus::PROTOCOL,
    &ether_sio::PROTOCOL,
    &ethereum::PROTOCOL,
    &ethernet_global_data::PROTOCOL,
    &ethernetip::PROTOCOL,
    &fastcgi::PROTOCOL,
    &fins::PROTOCOL,
    &fix::PROTOCOL,
    &flute::PROTOCOL,
    &ftp::PROTOCOL,
    &ftp_data::PROTOCOL,
    &gearman::PROTOCOL,
    &genshin::PROTOCOL,
    &git::PROTOCOL,
    &gnutella::PROTOCOL,
    &gtp::CONTROL,
    &gtp::PRIME,
    &gtp::USER,
    &guild_wars::PROTOCOL,
    &haproxy::PROTOCOL,
    &hart_ip::PROTOCOL,
    &hislip::PROTOCOL,
    &hl7::PROTOCOL,
    &hsrp::PROTOCOL,
    &http2::PROTOCOL,
    &http::PROTOCOL,
    &iax::PROTOCOL,
    &icecast::PROTOCOL,
    &iec104::PROTOCOL,
    &imap::PROTOCOL,
    &ipsec::PROTOCOL,
    &irc::PROTOCOL,
    &iscsi::PROTOCOL,
    &jabber::PROTOCOL,
    &jrmi::PROTOCOL,
    &json_rpc::PROTOCOL,
    &kafka::PROTOCOL,
    &kcp::PROTOCOL,
    &kerberos::PROTOCOL,
    &kismet::PROTOCOL,
    &knx::PROTOCOL,
    &ldap::PROTOCOL,
    &ldp::PROTOCOL,
    &lisp::PROTOCOL,
    &llmnr::PROTOCOL,
    &lotus_notes::PROTOCOL,
    &lustre::PROTOCOL,
    &mdns::PROTOCOL,
    &megaco::PROTOCOL,
    &memcached::PROTOCOL,
    &mgcp::PROTOCOL,
    &mi_push::PROTOCOL,
    &modbus::PROTOCOL,
    &monero::PROTOCOL,
    &mongodb::PROTOCOL,
    &mpeg_ts::PROTOCOL,
    &mqtt::PROTOCOL,
    &mssql::PROTOCOL,
    &mumble::PROTOCOL,
    &munin::PROTOCOL,
    &mysql::PROTOCOL,
    &nano::PROTOCOL,
    &nat_pmp::PROTOCOL,
    &nats::PROTOCOL,
    &netbios::PROTOCOL,
    &netflow::PROTOCOL,
    &nfs::PROTOCOL,
    &noe::PROTOCOL,
    &nomachine::PROTOCOL,
    &ntp::PROTOCOL,
    &oicq::PROTOCOL,
    &opc_ua::PROTOCOL,
    &open_game::PROTOCOL,
    &openflow::PROTOCOL,
    &openvpn::PROTOCOL,
    &openwire::PROTOCOL,
    &oracle::PROTOCOL,
    &pfcp::PROTOCOL,
    &pop3::PROTOCOL,
    &postgresql::PROTOCOL,
    &pptp::PROTOCOL,
    &protobuf::PROTOCOL,
    &ptp::PROTOCOL,
    &quic::PROTOCOL,
    &radius::PROTOCOL,
    &radmin::PROTOCOL,
    &raft::PROTOCOL,
    &raknet::PROTOCOL,
    &rdp::PROTOCOL,
    &rdp_udp::PROTOCOL,
    &redis::PROTOCOL,
    &rmcp::PROTOCOL,
    &roughtime::PROTOCOL,
    &rsh::PROTOCOL,
    &rsync::PROTOCOL,
    &rtcp::PROTOCOL,
    &rtmp::PROTOCOL,
    &rtp::PROTOCOL,
    &rtp_framed::PROTOCOL,
    &rtps::PROTOCOL,
    &rtsp::PROTOCOL,
    &rx::PROTOCOL,
    &sap::PROTOCOL,
    &sflow::PROTOCOL,
    &sip::PROTOCOL,
    &skinny::PROTOCOL,
    &slp::PROTOCOL,
    &smb::VERSION_1,
    &smb::VERSION_2,
    &smpp::PROTOCOL,
    &smtp::PROTOCOL,
    &snmp::PROTOCOL,
    &soap::PROTOCOL,
    &socks::PROTOCOL,
    &someip::PROTOCOL,
    &source_engine::HALF_LIFE,
    &source_engine::PROTOCOL,
    &spotify::PROTOCOL,
    &ssdp::PROTOCOL,
    &ssh::PROTOCOL,
    &starcraft::PROTOCOL,
    &steam_datagram::PROTOCOL,
    &steam_discovery::PROTOCOL,
    &stomp::PROTOCOL,
    &stratum::PROTOCOL,
    &stun::PROTOCOL,
    &synchrophasor::PROTOCOL,
    &syncthing::PROTOCOL,
    &syslog::PROTOCOL,
    &tailscale::PROTOCOL,
    &tank_gauge::PROTOCOL,
    &teamspeak::PROTOCOL,
    &teamviewer::PROTOCOL,
    &telegram::PROTOCOL,
    &telnet::PROTOCOL,
    &tencent_games::PROTOCOL,
    &teredo::PROTOCOL,
    &tftp::PROTOCOL,
    &thrift::PROTOCOL,
    &tinc::PROTOCOL,
    &tivo::PROTOCOL,
    &tls::PROTOCOL,
    &tls::dtls::PROTOCOL,
    &tpkt::H323,
    &tpkt::MMS,
    &tpkt::S7,
    &tpkt::S7_PLUS,
    &tplink::PROTOCOL,
    &trdp::PROTOCOL,
    &tuya::PROTOCOL,
    &ubiquiti::PROTOCOL,
    &uftp::PROTOCOL,
    &usenet::PROTOCOL,
    &viber::PROTOCOL,
    &viber_chat::PROTOCOL,
    &vmware::PROTOCOL,
    &vnc::PROTOCOL,
    &vxlan::PROTOCOL,
    &warcraft3::PROTOCOL,
    &websocket::PROTOCOL,
    &whatsapp::PROTOCOL,
    &whois::PROTOCOL,
    &wireguard::PROTOCOL,
    &world_of_warcraft::PROTOCOL,
    &wsd::PROTOCOL,
    &xdmcp::PROTOCOL,
    &z3950::PROTOCOL,
    &zabbix::PROTOCOL,
    &zeromq::PROTOCOL,
    &zoom::PROTOCOL,
];
