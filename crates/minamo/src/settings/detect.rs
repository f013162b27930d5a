// SPDX-License-Identifier: Apache-2.0
//! `[[perspective]]`: how much events matter to those who look; `[[alerts]]`: where alerts of other detection systems
//! come from.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use minamo_base::Prefix;
use minamo_detect::{Perspective, Severity};

use super::Settings;
use super::keys::Keys;

/// Most of each.
const MOST: usize = 100;

/// Where alerts come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AlertSource {
    /// A file.
    File(AlertFile),
    /// Syslog.
    Syslog(AlertListener),
}

/// Where alerts in syslog are listened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlertListener {
    /// Its name, for the log, and for the sensor where neither an alert nor its header names one.
    pub(crate) name: String,
    /// The address.
    pub(crate) address: SocketAddr,
    /// UDP or TCP.
    pub(crate) transport: Transport,
    /// Networks of senders that are listened to; all where there is none.
    pub(crate) senders: Vec<Prefix>,
}

/// How syslog comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// A message a datagram.
    Udp,
    /// A stream of messages.
    Tcp,
}

/// A file of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlertFile {
    /// Its name, for log and counters, and for the sensor where a line names none.
    pub(crate) name: String,
    /// The file, as Suricata's `eve.json`.
    pub(crate) path: PathBuf,
}

impl Settings {
    /// `perspective`.
    pub(crate) fn perspectives(&self) -> anyhow::Result<Vec<Perspective>> {
        let mut all: Vec<Perspective> = Vec::new();
        for table in self.tables("perspective") {
            let one = perspective(table).context("perspective")?;
            if all.len() >= MOST || all.iter().any(|other| other.name == one.name) {
                bail!("perspective: name: {:?} is there twice, or there are more than {MOST}", one.name);
            }
            all.push(one);
        }
        Ok(all)
    }

    /// `alerts`.
    pub(crate) fn alerts(&self) -> anyhow::Result<Vec<AlertSource>> {
        let mut all: Vec<AlertSource> = Vec::new();
        for table in self.tables("alerts") {
            let one = alerts(table).context("alerts")?;
            if all.len() >= MOST || all.iter().any(|other| other.name() == one.name() || other.is_same(&one)) {
                bail!("alerts: name: {:?} or its place is there twice, or there are more than {MOST}", one.name());
            }
            all.push(one);
        }
        Ok(all)
    }
}

impl AlertSource {
    fn name(&self) -> &str {
        match self {
            Self::File(file) => &file.name,
            Self::Syslog(listener) => &listener.name,
        }
    }

    /// True where both are in the same place.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one.path == other.path,
            (Self::Syslog(one), Self::Syslog(other)) => {
                (one.address, one.transport) == (other.address, other.transport)
            }
            _ => false,
        }
    }
}

fn perspective(table: &toml::Table) -> anyhow::Result<Perspective> {
    let mut keys = Keys::of(table);
    let severity = |text: &str| Severity::parse(text);
    let one = Perspective {
        name: name(&mut keys)?,
        rules: keys.texts("rules")?.into_iter().map(|rule| rule.trim_end_matches('*').to_owned()).collect(),
        src: networks(&mut keys, "src")?,
        dst: networks(&mut keys, "dst")?,
        severity: keys.said("severity", "low, medium, high or critical", severity)?,
    };
    keys.end()?;
    Ok(one)
}

fn name(keys: &mut Keys<'_>) -> anyhow::Result<String> {
    let name = keys.text("name")?.context("name: want a name such as \"servers\"")?;
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(good) {
        bail!("name: got {name:?}, want letters, digits, - and _");
    }
    Ok(name.to_owned())
}

fn networks(keys: &mut Keys<'_>, key: &'static str) -> anyhow::Result<Vec<Prefix>> {
    let net = |text: &str| {
        text.parse::<Prefix>()
            .ok()
            .with_context(|| format!("{key}: got {text:?}, want a network such as \"10.1.0.0/16\""))
    };
    keys.texts(key)?.into_iter().map(net).collect()
}

fn alerts(table: &toml::Table) -> anyhow::Result<AlertSource> {
    let mut keys = Keys::of(table);
    let name = name(&mut keys)?;
    let one = match (keys.path("path")?, keys.text("listen")?) {
        (Some(path), None) => AlertSource::File(AlertFile { name, path }),
        (None, Some(listen)) => AlertSource::Syslog(AlertListener {
            name,
            address: place(listen)?,
            transport: match keys.text("transport")? {
                None | Some("udp") => Transport::Udp,
                Some("tcp") => Transport::Tcp,
                Some(other) => bail!("transport: got {other:?}, want \"udp\" or \"tcp\""),
            },
            senders: networks(&mut keys, "senders")?,
        }),
        _ => bail!("path: want either a file such as \"/var/log/suricata/eve.json\", or `listen` for syslog"),
    };
    match keys.text("format")? {
        None | Some("eve") => {}
        Some(other) => bail!("format: got {other:?}, want \"eve\""),
    }
    keys.end()?;
    Ok(one)
}

/// An address and port; a port alone is of this machine only.
fn place(text: &str) -> anyhow::Result<SocketAddr> {
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>().ok();
    port.map(local)
        .or_else(|| text.parse().ok())
        .with_context(|| format!("listen: got {text:?}, want a port such as \":5514\", or an address and port"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> anyhow::Result<Settings> {
        Settings::parse(text)
    }

    #[test]
    fn perspectives_and_alerts_are_read() {
        let text = "[[perspective]]\nname = \"servers\"\nrules = [\"scan_*\"]\ndst = [\"10.1.0.0/16\", \"10.2.0.9\"]\nseverity = \"critical\"\n\
            [[alerts]]\nname = \"suricata\"\npath = \"/var/log/suricata/eve.json\"\n";
        let settings = settings(text).expect("good");
        let all = settings.perspectives().expect("good");
        assert_eq!((&*all[0].rules[0], all[0].dst.len(), all[0].severity), ("scan_", 2, Some(Severity::Critical)));
        let file = AlertFile { name: "suricata".into(), path: "/var/log/suricata/eve.json".into() };
        assert_eq!(settings.alerts().expect("good"), [AlertSource::File(file)]);
    }

    #[test]
    fn alerts_are_listened_for_on_this_machine_unless_an_address_is_said() {
        let text = "[[alerts]]\nname = \"a\"\nlisten = \":5514\"\n\
            [[alerts]]\nname = \"b\"\nlisten = \"192.0.2.1:5514\"\ntransport = \"tcp\"\nsenders = [\"192.0.2.0/24\"]\n";
        let found = settings(text).expect("good").alerts().expect("good");
        let told = |one: &AlertSource| match one {
            AlertSource::Syslog(one) => (one.address.to_string(), one.transport, one.senders.len()),
            AlertSource::File(_) => panic!("no file"),
        };
        assert_eq!(told(&found[0]), ("127.0.0.1:5514".into(), Transport::Udp, 0));
        assert_eq!(told(&found[1]), ("192.0.2.1:5514".into(), Transport::Tcp, 1));
    }

    #[test]
    fn what_is_wrong_names_the_key() {
        let wrong = |text: &str| format!("{:#}", settings(text).expect_err("wrong"));
        assert!(wrong("[[perspective]]\nname = \"a b\"\n").starts_with("perspective: name: got \"a b\""));
        assert!(wrong("[[perspective]]\nname = \"a\"\nsrc = [\"x\"]\n").starts_with("perspective: src: got \"x\""));
        assert!(wrong("[[perspective]]\nname = \"a\"\n[[perspective]]\nname = \"a\"\n").contains("there twice"));
        assert!(wrong("[[alerts]]\nname = \"a\"\n").starts_with("alerts: path: want either a file"));
        let listen = "[[alerts]]\nname = \"a\"\nlisten = ";
        assert!(wrong(&format!("{listen}\"here\"\n")).starts_with("alerts: listen: got \"here\", want a port"));
        assert!(wrong(&format!("{listen}\":1\"\npath = \"b\"\n")).contains("want either"));
        assert!(wrong(&format!("{listen}\":1\"\ntransport = \"tls\"\n")).contains("want \"udp\" or \"tcp\""));
        assert!(wrong(&format!("{listen}\":1\"\n[[alerts]]\nname = \"b\"\nlisten = \":1\"\n")).contains("there twice"));
        assert!(wrong("[[alerts]]\nname = \"a\"\npath = \"b\"\nsenders = [\"::/0\"]\n").contains("senders"));
        assert!(wrong("[[alerts]]\nname = \"a\"\npath = \"b\"\nformat = \"cef\"\n").contains("want \"eve\""));
    }
}
