// SPDX-License-Identifier: Apache-2.0
//! The protocols: one file each, one line each in the registry.

mod adb;
mod afp;
mod agora;
mod ajp;
mod alicloud;
mod among_us;
mod amqp;
mod ansi_c1222;
#[cfg(test)]
pub(crate) mod anything;
mod armagetron;
mod art_net;
mod avast;
mod babel;
mod bacnet;
mod beckhoff_ads;
mod ber;
mod bfcp;
mod bfd;
mod bgp;
mod bitcoin;
mod bittorrent;
mod bjnp;
mod bmp;
mod bolt;
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
mod cod_mobile;
mod collectd;
mod control;
mod controller_area_network;
mod corba;
mod cpha;
mod crossfire;
mod cry_network;
mod dcerpc;
mod dhcp;
mod dhcpv6;
mod diameter;
mod dicom;
mod ding_talk;
mod discord;
mod dlep;
mod dlms;
mod dnp3;
mod dns;
mod dnscrypt;
mod dofus;
mod drda;
mod dropbox;
mod dubbo;
mod eaq;
mod edonkey;
mod elasticsearch;
mod elder_scrolls;
mod enet;
mod ether_s_bus;
mod ether_sio;
mod ethereum;
mod ethernet_global_data;
mod ethernetip;
mod fastcgi;
mod fins;
mod fix;
mod flute;
mod fox;
mod ftp;
mod ftp_data;
mod gaijin;
mod gearman;
mod genshin;
mod git;
mod gnutella;
mod gtp;
mod guild_wars;
mod hadoop;
mod haproxy;
mod hart_ip;
mod heroes;
mod hislip;
mod hl7;
mod hp_virtual_groups;
mod hpack;
mod hsrp;
mod http;
mod http2;
mod iax;
mod icecast;
mod iec104;
mod imap;
mod imo;
mod ipp;
mod ipsec;
mod iqiyi;
mod irc;
mod iscsi;
mod jabber;
mod jdwp;
mod jrmi;
mod json_rpc;
mod kafka;
mod kcp;
mod kerberos;
mod kismet;
mod knx;
mod l2tp;
mod label;
mod ldap;
mod ldp;
mod line_call;
mod lisp;
mod llmnr;
mod login;
mod lorawan;
mod lotus_notes;
mod lsp_ping;
mod lustre;
mod maple_story;
mod matter;
mod mdns;
mod megaco;
mod melsec;
mod memcached;
mod meraki;
mod mgcp;
mod mi_push;
mod mime;
mod minecraft;
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
mod netease_games;
mod netflow;
mod nfs;
mod nintendo;
mod noe;
mod nomachine;
mod nsq;
mod ntlm;
mod ntp;
mod nvme_tcp;
mod oicq;
mod ookla;
mod opc_ua;
mod open_game;
mod openflow;
mod openvpn;
mod openwire;
mod oracle;
mod path_of_exile;
mod pcep;
mod pcp;
mod pfcp;
mod photon;
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
mod riot_games;
mod rip;
mod ripe_atlas;
mod rmcp;
mod roughtime;
mod rpc_names;
mod rpki_rtr;
mod rsh;
mod rsync;
mod rtcp;
mod rtmp;
mod rtp;
mod rtp_framed;
mod rtps;
mod rtsp;
mod rx;
mod sacn;
mod sap;
mod sdp;
mod sflow;
mod shell;
mod sip;
mod skinny;
mod slp;
mod smb;
mod smb_files;
mod smpp;
mod smtp;
mod snmp;
mod soap;
mod socks;
mod softether;
mod someip;
mod source_engine;
mod spice;
mod spotify;
mod sql;
mod srt;
mod srtcp;
mod ssdp;
mod ssh;
mod starcraft;
mod starttls;
mod steam_datagram;
mod steam_discovery;
mod stomp;
mod stratum;
mod stun;
mod svn;
mod synchrophasor;
mod syncthing;
mod syslog;
mod tacacs;
mod tailscale;
mod tank_gauge;
mod teamspeak;
mod teamviewer;
mod telegram;
mod telegram_call;
mod tell;
mod telnet;
mod tencent_games;
mod teredo;
mod text;
mod tftp;
mod threema;
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
mod ultra_surf;
mod unreal;
mod usenet;
mod vhua;
mod viber;
mod viber_chat;
mod vmware;
mod vnc;
mod vxlan;
mod warcraft3;
mod wccp;
mod weave;
mod websocket;
mod whatsapp;
mod whois;
mod wild_rift;
mod wireguard;
mod world_of_kung_fu;
mod world_of_warcraft;
mod wsd;
mod x11;
mod xdmcp;
mod z3950;
mod zabbix;
mod zep;
mod zeromq;
mod zookeeper;
mod zoom;
mod zug;

use crate::Protocol;
pub(crate) use control::{Operation, asked_of, commands, reads};
pub(crate) use label::Label;

/// What a client of TLS says first.
#[cfg(test)]
pub(crate) fn tls_sample() -> &'static [u8] {
    tls::PROTOCOL.sample.first().map_or(&[], |(_, data)| data)
}

/// Every protocol that the classifier knows.
pub static PROTOCOLS: &[&Protocol] = &[
    &adb::PROTOCOL,
    &afp::PROTOCOL,
    &agora::PROTOCOL,
    &ajp::PROTOCOL,
    &alicloud::PROTOCOL,
    &among_us::PROTOCOL,
    &amqp::PROTOCOL,
    &ansi_c1222::PROTOCOL,
    &armagetron::PROTOCOL,
    &art_net::PROTOCOL,
    &avast::PROTOCOL,
    &babel::PROTOCOL,
    &bacnet::PROTOCOL,
    &beckhoff_ads::DISCOVERY,
    &beckhoff_ads::PROTOCOL,
    &bfcp::PROTOCOL,
    &bfd::PROTOCOL,
    &bgp::PROTOCOL,
    &bitcoin::PROTOCOL,
    &bittorrent::PROTOCOL,
    &bjnp::PROTOCOL,
    &bmp::PROTOCOL,
    &bolt::PROTOCOL,
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
    &cod_mobile::PROTOCOL,
    &collectd::PROTOCOL,
    &controller_area_network::PROTOCOL,
    &corba::PROTOCOL,
    &cpha::PROTOCOL,
    &crossfire::PROTOCOL,
    &cry_network::PROTOCOL,
    &dcerpc::PROTOCOL,
    &dhcp::PROTOCOL,
    &dhcpv6::PROTOCOL,
    &diameter::PROTOCOL,
    &dicom::PROTOCOL,
    &ding_talk::PROTOCOL,
    &discord::PROTOCOL,
    &dlep::PROTOCOL,
    &dlms::PROTOCOL,
    &dnp3::PROTOCOL,
    &dns::PROTOCOL,
    &dnscrypt::PROTOCOL,
    &dofus::PROTOCOL,
    &drda::PROTOCOL,
    &dropbox::PROTOCOL,
    &dubbo::PROTOCOL,
    &eaq::PROTOCOL,
    &edonkey::PROTOCOL,
    &elasticsearch::PROTOCOL,
    &elder_scrolls::PROTOCOL,
    &enet::PROTOCOL,
    &ether_s_bus::PROTOCOL,
    &ether_sio::PROTOCOL,
    &ethereum::PROTOCOL,
    &ethereum::RLPX,
    &ethernet_global_data::PROTOCOL,
    &ethernetip::PROTOCOL,
    &fastcgi::PROTOCOL,
    &fins::PROTOCOL,
    &fix::PROTOCOL,
    &flute::PROTOCOL,
    &fox::PROTOCOL,
    &ftp::PROTOCOL,
    &ftp_data::PROTOCOL,
    &gaijin::PROTOCOL,
    &gearman::PROTOCOL,
    &genshin::PROTOCOL,
    &genshin::STREAM,
    &git::PROTOCOL,
    &gnutella::PROTOCOL,
    &gtp::CONTROL,
    &gtp::PRIME,
    &gtp::USER,
    &guild_wars::PROTOCOL,
    &hadoop::PROTOCOL,
    &haproxy::PROTOCOL,
    &hart_ip::PROTOCOL,
    &heroes::PROTOCOL,
    &hislip::PROTOCOL,
    &hl7::PROTOCOL,
    &hp_virtual_groups::PROTOCOL,
    &hsrp::PROTOCOL,
    &http2::PROTOCOL,
    &http::PROTOCOL,
    &iax::PROTOCOL,
    &icecast::PROTOCOL,
    &iec104::PROTOCOL,
    &imap::PROTOCOL,
    &imo::PROTOCOL,
    &ipp::PROTOCOL,
    &ipsec::PROTOCOL,
    &iqiyi::PROTOCOL,
    &irc::PROTOCOL,
    &iscsi::PROTOCOL,
    &jabber::PROTOCOL,
    &jdwp::PROTOCOL,
    &jrmi::PROTOCOL,
    &json_rpc::PROTOCOL,
    &kafka::PROTOCOL,
    &kcp::PROTOCOL,
    &kerberos::PROTOCOL,
    &kismet::PROTOCOL,
    &knx::PROTOCOL,
    &l2tp::PROTOCOL,
    &ldap::PROTOCOL,
    &ldp::PROTOCOL,
    &line_call::PROTOCOL,
    &lisp::PROTOCOL,
    &llmnr::PROTOCOL,
    &lorawan::PROTOCOL,
    &lotus_notes::PROTOCOL,
    &lsp_ping::PROTOCOL,
    &lustre::PROTOCOL,
    &maple_story::PROTOCOL,
    &matter::PROTOCOL,
    &mdns::PROTOCOL,
    &megaco::PROTOCOL,
    &melsec::PROTOCOL,
    &memcached::PROTOCOL,
    &meraki::PROTOCOL,
    &mgcp::PROTOCOL,
    &mi_push::PROTOCOL,
    &minecraft::PROTOCOL,
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
    &netease_games::PROTOCOL,
    &netflow::PROTOCOL,
    &nfs::PROTOCOL,
    &nintendo::PROTOCOL,
    &noe::PROTOCOL,
    &nomachine::DATAGRAM,
    &nomachine::PROTOCOL,
    &nsq::PROTOCOL,
    &ntp::PROTOCOL,
    &nvme_tcp::PROTOCOL,
    &oicq::PROTOCOL,
    &ookla::PROTOCOL,
    &opc_ua::PROTOCOL,
    &open_game::PROTOCOL,
    &openflow::PROTOCOL,
    &openvpn::PROTOCOL,
    &openwire::PROTOCOL,
    &oracle::PROTOCOL,
    &path_of_exile::PROTOCOL,
    &pcep::PROTOCOL,
    &pcp::PROTOCOL,
    &pfcp::PROTOCOL,
    &photon::PROTOCOL,
    &pop3::PROTOCOL,
    &postgresql::PROTOCOL,
    &pptp::PROTOCOL,
    &protobuf::PROTOCOL,
    &ptp::PROTOCOL,
    &quic::CONTINUED,
    &quic::PROTOCOL,
    &radius::PROTOCOL,
    &radmin::PROTOCOL,
    &raft::PROTOCOL,
    &raknet::PROTOCOL,
    &rdp::PROTOCOL,
    &rdp_udp::PROTOCOL,
    &redis::PROTOCOL,
    &riot_games::PROTOCOL,
    &rip::NEXT,
    &rip::PROTOCOL,
    &ripe_atlas::PROTOCOL,
    &rmcp::PROTOCOL,
    &roughtime::PROTOCOL,
    &rpki_rtr::PROTOCOL,
    &rsh::PROTOCOL,
    &rsync::PROTOCOL,
    &rtcp::PROTOCOL,
    &rtmp::PROTOCOL,
    &rtp::PROTOCOL,
    &rtp_framed::PROTOCOL,
    &rtps::PROTOCOL,
    &rtsp::PROTOCOL,
    &rx::PROTOCOL,
    &sacn::PROTOCOL,
    &sap::PROTOCOL,
    &sflow::PROTOCOL,
    &shell::PROTOCOL,
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
    &softether::PROTOCOL,
    &someip::PROTOCOL,
    &source_engine::HALF_LIFE,
    &source_engine::PROTOCOL,
    &spice::PROTOCOL,
    &spotify::PROTOCOL,
    &srt::PROTOCOL,
    &srtcp::PROTOCOL,
    &ssdp::PROTOCOL,
    &ssh::PROTOCOL,
    &starcraft::PROTOCOL,
    &steam_datagram::PROTOCOL,
    &steam_discovery::PROTOCOL,
    &stomp::PROTOCOL,
    &stratum::PROTOCOL,
    &stun::PROTOCOL,
    &svn::PROTOCOL,
    &synchrophasor::PROTOCOL,
    &syncthing::PROTOCOL,
    &syslog::PROTOCOL,
    &tacacs::PROTOCOL,
    &tailscale::PROTOCOL,
    &tank_gauge::PROTOCOL,
    &teamspeak::PROTOCOL,
    &teamviewer::PROTOCOL,
    &telegram::PROTOCOL,
    &telegram_call::PROTOCOL,
    &telnet::PROTOCOL,
    &tencent_games::PROTOCOL,
    &teredo::PROTOCOL,
    &tftp::PROTOCOL,
    &threema::PROTOCOL,
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
    &ultra_surf::PROTOCOL,
    &unreal::PROTOCOL,
    &usenet::PROTOCOL,
    &vhua::PROTOCOL,
    &viber::PROTOCOL,
    &viber::SESSION,
    &viber_chat::PROTOCOL,
    &vmware::PROTOCOL,
    &vnc::PROTOCOL,
    &vxlan::PROTOCOL,
    &warcraft3::PROTOCOL,
    &wccp::PROTOCOL,
    &weave::PROTOCOL,
    &websocket::PROTOCOL,
    &whatsapp::PROTOCOL,
    &whois::PROTOCOL,
    &wild_rift::PROTOCOL,
    &wireguard::PROTOCOL,
    &wireguard::WARP,
    &world_of_kung_fu::PROTOCOL,
    &world_of_warcraft::PROTOCOL,
    &wsd::PROTOCOL,
    &x11::PROTOCOL,
    &xdmcp::PROTOCOL,
    &z3950::PROTOCOL,
    &zabbix::PROTOCOL,
    &zep::PROTOCOL,
    &zeromq::PROTOCOL,
    &zookeeper::PROTOCOL,
    &zoom::PROTOCOL,
    &zug::PROTOCOL,
];
