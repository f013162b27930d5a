// SPDX-License-Identifier: Apache-2.0
//! `[[action]]`: who is told of events. Addresses that are secrets, keys and passwords are read from files, so that a
//! configuration can be shown to others.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use minamo_detect::Severity;
use minamo_sinks::export::TlsFiles;
use minamo_sinks::notify::{Chat, Format, Mail, Notify, Script, Security, Syslog, Transport, Webhook};

use super::Settings;
use super::keys::Keys;
use crate::actions::template::Template;
use crate::actions::{Language, Wanted};

/// Notices in a minute where nobody says how many.
const MOST_A_MINUTE: u64 = 20;

impl Settings {
    /// `action`.
    pub(crate) fn actions(&self) -> anyhow::Result<Vec<(Wanted, Box<dyn Notify>)>> {
        let mut names: Vec<String> = Vec::new();
        let mut actions = Vec::new();
        for table in self.tables("action") {
            let (wanted, target) = action(table).context("action")?;
            if names.contains(&wanted.name) {
                bail!("action: name: {:?} is there twice", wanted.name);
            }
            names.push(wanted.name.clone());
            actions.push((wanted, target));
        }
        Ok(actions)
    }
}

fn action(table: &toml::Table) -> anyhow::Result<(Wanted, Box<dyn Notify>)> {
    let mut keys = Keys::of(table);
    let name = keys.text("name")?.context("name: want a name for log and counters such as \"noc\"")?.to_owned();
    let severity = keys.text("severity")?.unwrap_or("high");
    let severity = Severity::parse(severity)
        .with_context(|| format!("severity: got {severity:?}, want low, medium, high or critical"))?;
    let language = match keys.text("language")? {
        None | Some("en") => Language::En,
        Some("ja") => Language::Ja,
        Some(other) => bail!("language: got {other:?}, want \"en\" or \"ja\""),
    };
    let most_a_minute = keys.number("most_a_minute")?.unwrap_or(MOST_A_MINUTE);
    let wanted = Wanted {
        name,
        severity,
        rules: keys.texts("rules")?.into_iter().map(|rule| rule.trim_end_matches('*').to_owned()).collect(),
        perspectives: keys.texts("perspectives")?.into_iter().map(str::to_owned).collect(),
        most_a_minute: u32::try_from(most_a_minute).context("most_a_minute: want at most 4,294,967,295")?,
        language,
        title: template(&mut keys, "title")?,
        text: template(&mut keys, "text")?,
        console: keys.text("console")?.map(str::to_owned),
    };
    let target = target(&mut keys)?;
    keys.end()?;
    Ok((wanted, target))
}

/// A title or text of one's own.
fn template(keys: &mut Keys<'_>, key: &'static str) -> anyhow::Result<Option<Template>> {
    let parse = |text: &str| Template::parse(text).map_err(|what| anyhow!("{key}: {what}"));
    keys.text(key)?.map(parse).transpose()
}

fn target(keys: &mut Keys<'_>) -> anyhow::Result<Box<dyn Notify>> {
    Ok(match keys.text("kind")?.context("kind: want webhook, slack, teams, syslog, cef, mail or script")? {
        "webhook" => {
            let secret = secret(keys, "secret_file")?;
            Box::new(Webhook::new(&url(keys)?, secret.as_deref().map(str::as_bytes))?)
        }
        "slack" => Box::new(Chat::slack(&url(keys)?)?),
        "teams" => Box::new(Chat::teams(&url(keys)?)?),
        "syslog" => Box::new(syslog(keys, Format::Rfc5424)?),
        "cef" => Box::new(syslog(keys, Format::Cef)?),
        "mail" => Box::new(mail(keys)?),
        "script" => {
            let path = keys.text("path")?.context("path: want the program, such as \"/usr/local/bin/page\"")?;
            Box::new(Script::new(PathBuf::from(path))?)
        }
        other => bail!("kind: got {other:?}, want webhook, slack, teams, syslog, cef, mail or script"),
    })
}

/// The first line of a file.
fn secret(keys: &mut Keys<'_>, key: &'static str) -> anyhow::Result<Option<String>> {
    let Some(path) = keys.text(key)? else { return Ok(None) };
    let text = std::fs::read_to_string(Path::new(path)).with_context(|| format!("{key}: {path}"))?;
    let line = text.lines().next().unwrap_or_default().trim();
    if line.is_empty() { bail!("{key}: {path}: it is empty") } else { Ok(Some(line.to_owned())) }
}

fn url(keys: &mut Keys<'_>) -> anyhow::Result<String> {
    let (plain, filed) = (keys.text("url")?, secret(keys, "url_file")?);
    match (plain, filed) {
        (Some(url), None) => Ok(url.to_owned()),
        (None, Some(url)) => Ok(url),
        _ => bail!("url: want either url, or url_file with the address in it"),
    }
}

fn syslog(keys: &mut Keys<'_>, format: Format) -> anyhow::Result<Syslog> {
    let address = keys.text("address")?.context("address: want HOST:PORT such as \"192.0.2.9:514\"")?;
    let transport = match keys.text("transport")? {
        None | Some("udp") => Transport::Udp,
        Some("tcp") => Transport::Tcp,
        Some(other) => bail!("transport: got {other:?}, want \"udp\" or \"tcp\""),
    };
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    Ok(Syslog::new(address, transport, format, host.trim())?)
}

fn mail(keys: &mut Keys<'_>) -> anyhow::Result<Mail> {
    let address =
        keys.text("address")?.context("address: want the relay, HOST:PORT such as \"mail.example.com:587\"")?;
    let (host, port) = address.rsplit_once(':').with_context(|| format!("address: got {address:?}, want HOST:PORT"))?;
    let port = port.parse().with_context(|| format!("address: got {address:?}, want HOST:PORT"))?;
    let security = match keys.text("security")? {
        None | Some("starttls") => Security::StartTls,
        Some("tls") => Security::Tls,
        Some("none") => Security::None,
        Some(other) => bail!("security: got {other:?}, want \"starttls\", \"tls\" or \"none\""),
    };
    let login = match (keys.text("user")?, secret(keys, "password_file")?) {
        (None, None) => None,
        (Some(user), Some(password)) => Some((user.to_owned(), password)),
        _ => bail!("user: want both user and password_file, or none of them"),
    };
    let mail = Mail {
        host: host.trim_matches(['[', ']']).to_owned(),
        port,
        security,
        login,
        from: keys.text("from")?.context("from: want an address such as \"minamo@example.com\"")?.to_owned(),
        to: keys.texts("to")?.into_iter().map(str::to_owned).collect(),
        tls: TlsFiles { authority: keys.text("authority")?.map(PathBuf::from), identity: None },
    };
    mail.check()?;
    Ok(mail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        format!("{:#}", Settings::parse(text).and_then(|settings| settings.actions().map(drop)).expect_err("wrong"))
    }

    #[test]
    fn actions_of_all_kinds_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("written");
            path.display().to_string()
        };
        let (url, key, page) =
            (file("url", "https://hooks.slack.example/T0/B0\n"), file("key", "secret\n"), file("page", "#!/bin/sh\n"));
        let text = format!(
            "[[action]]\nname = \"a\"\nkind = \"slack\"\nurl_file = \"{url}\"\nlanguage = \"ja\"\nrules = [\"scan_*\"]\ntitle = \"{{severity}} {{src_ip}}\"\n\
             [[action]]\nname = \"b\"\nkind = \"webhook\"\nurl = \"https://soar.example/in\"\nsecret_file = \"{key}\"\nseverity = \"low\"\n\
             [[action]]\nname = \"c\"\nkind = \"cef\"\naddress = \"192.0.2.9:514\"\ntransport = \"tcp\"\nmost_a_minute = 5\n\
             [[action]]\nname = \"d\"\nkind = \"script\"\npath = \"{page}\"\n\
             [[action]]\nname = \"e\"\nkind = \"mail\"\naddress = \"[::1]:25\"\nsecurity = \"none\"\nfrom = \"m@example.com\"\nto = [\"noc@example.com\"]\n"
        );
        let actions = Settings::parse(&text).expect("good").actions().expect("good");
        let names: Vec<_> = actions.iter().map(|(wanted, _)| &*wanted.name).collect();
        assert_eq!(names, ["a", "b", "c", "d", "e"]);
        let first = &actions[0].0;
        assert_eq!(
            (first.language, &first.rules, first.severity),
            (Language::Ja, &vec!["scan_".to_owned()], Severity::High)
        );
        assert_eq!((actions[2].0.most_a_minute, actions[1].0.severity), (5, Severity::Low));
    }

    #[test]
    fn what_is_wrong_names_the_key() {
        let slack = "[[action]]\nname = \"a\"\nkind = \"slack\"\n";
        assert!(error(slack).starts_with("action: url: want either"));
        assert!(error(&format!("{slack}url_file = \"/nonexistent\"\n")).starts_with("action: url_file: /nonexistent"));
        assert!(error(&format!("{slack}url = \"https://a.example/\"\nfoo = 1\n")).contains("foo: no such key"));
        assert!(error("[[action]]\nname = \"a\"\nkind = \"pager\"\n").contains("kind: got \"pager\""));
        let mail =
            "[[action]]\nname = \"a\"\nkind = \"mail\"\naddress = \"mail.example.com:587\"\nfrom = \"m@example.com\"\n";
        assert!(error(mail).contains("somebody who gets it"));
        assert!(error(&format!("{mail}to = [\"x\"]\n")).contains("got \"x\", want an address"));
        let title = format!("{slack}url = \"https://a.example/\"\ntitle = \"{{severity\"\n");
        assert!(error(&title).starts_with("action: title: got \"{severity\", want names such as {src_ip}"));
        let twice = format!("{slack}url = \"https://a.example/\"\n").repeat(2);
        assert!(error(&twice).contains("is there twice"));
    }
}
