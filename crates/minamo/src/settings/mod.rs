// SPDX-License-Identifier: Apache-2.0
//! The configuration file. Text → [`Settings::parse`] (all keys of the table known, all values good) → what each part is
//! given.

mod actions;
mod detect;
mod export;
mod feeds;
mod keys;
mod parts;
mod table;
mod value;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use minamo_detect::parse_length;

pub(crate) use detect::{AlertFile, AlertListener, AlertSource, Transport};
pub(crate) use export::Export;
pub(crate) use parts::Interface;
pub use table::{Kind, SETTINGS, Setting};
use value::{default, fits};

/// Checked settings.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    values: BTreeMap<&'static str, toml::Value>,
}

/// What is said of keys that are not known.
const NO_SUCH: &str = "no such setting; `minamo check-config` prints those that are";

impl Settings {
    /// The settings of a file; the defaults without one.
    pub(crate) fn load(path: Option<&Path>) -> anyhow::Result<Self> {
        let Some(path) = path else { return Self::parse("") };
        let text = std::fs::read_to_string(path).with_context(|| format!("configuration {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("configuration {}", path.display()))
    }

    /// The settings of a text. Unknown keys and bad values are errors that name the key.
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let file: toml::Table =
            text.parse().map_err(|e: toml::de::Error| anyhow::anyhow!("{}", e.to_string().trim_end()))?;
        let mut given = BTreeMap::new();
        for (table, keys) in file {
            if keys.is_array() {
                given.insert(table, keys);
                continue;
            }
            let toml::Value::Table(keys) = keys else {
                let known =
                    SETTINGS.iter().any(|setting| setting.key.split_once('.').is_some_and(|(of, _)| of == table));
                let want = if known { format!("want a table [{table}]") } else { NO_SUCH.to_owned() };
                bail!("{table}: {want}")
            };
            given.extend(keys.into_iter().map(|(name, value)| (format!("{table}.{name}"), value)));
        }
        let mut values = BTreeMap::new();
        for setting in SETTINGS {
            let value = match given.remove(setting.key) {
                Some(value) => value,
                None => default(setting)?,
            };
            if !fits(setting.kind, &value) {
                bail!("{}: got {value}, want {}", setting.key, setting.kind.want());
            }
            values.insert(setting.key, value);
        }
        if let Some(key) = given.keys().next() {
            bail!("{key}: {NO_SUCH}");
        }
        let settings = Self { values };
        settings.lake()?;
        settings.collect()?;
        settings.forwards()?;
        settings.exports()?;
        settings.probed()?;
        settings.byte_octets()?;
        settings.check_splt_packets()?;
        settings.fingerprints()?;
        settings.bundle_source()?;
        settings.rules()?;
        settings.actions()?;
        settings.feeds()?;
        settings.perspectives()?;
        settings.alerts()?;
        Ok(settings)
    }

    /// The settings in force, as a file with the meaning of each.
    pub(crate) fn describe(&self) -> String {
        let mut out = String::new();
        let mut table = "";
        for setting in SETTINGS {
            let (group, name) = setting.key.split_once('.').unwrap_or(("", setting.key));
            if group != table {
                out.push_str(&format!("{}[{group}]\n", if table.is_empty() { "" } else { "\n" }));
                table = group;
            }
            let value = self.values.get(setting.key).map(toml::Value::to_string).unwrap_or_default();
            out.push_str(&format!("# {} Default: {}\n{name} = {value}\n", setting.doc, setting.default));
        }
        out
    }

    fn text(&self, key: &str) -> &str {
        self.values.get(key).and_then(toml::Value::as_str).unwrap_or_default()
    }

    fn texts(&self, key: &str) -> Vec<String> {
        let list = self.values.get(key).and_then(toml::Value::as_array);
        list.into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    }

    fn length(&self, key: &str) -> Duration {
        parse_length(self.text(key)).unwrap_or_default()
    }

    fn flag(&self, key: &str) -> bool {
        self.values.get(key).and_then(toml::Value::as_bool).unwrap_or(true)
    }

    fn seed(&self, key: &str) -> u16 {
        let number = self.values.get(key).and_then(toml::Value::as_integer);
        number.and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
    }

    fn count(&self, key: &str) -> usize {
        let value = self.values.get(key).and_then(toml::Value::as_integer);
        value.and_then(|n| usize::try_from(n).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::size::parse_size;

    fn error(text: &str) -> String {
        format!("{:#}", Settings::parse(text).expect_err("must be refused"))
    }

    #[test]
    fn defaults_are_good_and_describe_themselves() {
        let settings = Settings::parse("").expect("defaults");
        let text = settings.describe();
        let again = Settings::parse(&text).expect("its own description");
        assert_eq!(settings.values, again.values);
        assert_eq!(format!("{:?}", settings.meter()), format!("{:?}", minamo_meter::Settings::default()));
        let none = minamo_collect::Settings { listen: Vec::new(), ..Default::default() };
        assert_eq!(settings.collect().expect("defaults"), none);
        assert_eq!(settings.enrich().enricher, minamo_enrich::Settings::default());
        assert!(settings.enrich().fingerprints.is_empty());
        assert_eq!((settings.enrich().networks, settings.enrich().databases.len()), (None, 0));
        assert!(settings.listen().expect("an address").ip().is_loopback());
        assert_eq!(settings.pairing(), Some(minamo_pair::PairSettings::default()));
        assert_eq!(settings.duplicates(), Some(minamo_pair::DuplicateSettings::default()));
    }

    #[test]
    fn feeds_of_fingerprints_name_their_file_and_kind() {
        let good = "[[fingerprints]]\nfile = \"/etc/minamo/ja3.csv\"\nkind = \"ja3\"\nbad = true\n";
        let feeds = Settings::parse(good).expect("good").fingerprints().expect("good");
        assert_eq!((feeds.len(), feeds[0].1.name.as_str(), feeds[0].1.bad), (1, "ja3", true));
        assert_eq!(error("[[fingerprints]]\nkind = \"ja3\"\n"), "fingerprints: file: want the path of a feed");
        let kinds = "ja3, ja3s, ja4, hassh, hassh_server, cert_sha1, cert_sha256, dhcp";
        assert_eq!(
            error("[[fingerprints]]\nfile = \"a\"\nkind = \"md5\"\n"),
            format!("fingerprints: kind: got \"md5\", want one of {kinds}")
        );
        assert!(
            error("[[fingerprints]]\nfile = \"a\"\nkind = \"ja3\"\nx = 1\n")
                .starts_with("fingerprints: x: no such key")
        );
    }

    #[test]
    fn errors_name_the_setting() {
        assert_eq!(
            error("[server]\nlisten = \"everywhere\""),
            "server.listen: got \"everywhere\", want an address and port such as \"127.0.0.1:8470\""
        );
        assert_eq!(
            error("[meter]\nidle_timeout = 60"),
            "meter.idle_timeout: got 60, want a length with a unit, of at most a day, such as \"30s\" or \"5m\""
        );
        assert!(error("[meter]\nidle_timeout = \"400d\"").starts_with("meter.idle_timeout: got \"400d\", want"));
        assert_eq!(
            error("[meter]\nidle = \"1s\""),
            "meter.idle: no such setting; `minamo check-config` prints those that are"
        );
        assert_eq!(
            error("[collect]\nunknown = \"maybe\""),
            "collect.unknown: got \"maybe\", want \"accept\", \"ask\" or \"refuse\""
        );
        assert!(error("[collect]\nallow = [\"10.0.0.0/33\"]").starts_with("collect.allow: got"));
        assert!(error("[collect]\nqueue = 5").contains("want a size with a unit"));
        assert!(error("[collect]\nexporter_rate = 0").contains("or \"unlimited\""));
        assert_eq!(error("[meter]\nbyte_octets = 65536"), "meter.byte_octets: got 65536, want at most 65535");
        assert_eq!(error("[meter]\nsplt_packets = 201"), "meter.splt_packets: got 201, want at most 200");
        assert!(error("[collect]\ntls = [\"127.0.0.1:4740\"]").contains("collect.tls_certificate"));
        assert!(error("[collect]\nexporters = \"/nowhere\"").starts_with("collect.exporters: /nowhere"));
        assert!(error("[meter\n").contains("line 1"));
        assert_eq!(error("meter = 1"), "meter: want a table [meter]");
        assert!(error("listen = \"127.0.0.1:2055\"").starts_with("listen: no such setting"));
    }

    #[test]
    fn classes_are_lines() {
        let read = |text: &str| Settings::parse(&format!("[lake]\nclasses = [{text:?}]")).and_then(|s| s.lake());
        let class = read("voice keep 30d max 10GiB where port 5060").expect("good").classes.remove(0);
        assert_eq!((class.name.as_str(), class.max_bytes), ("voice", Some(10 << 30)));
        assert_eq!(class.keep, Some(Duration::from_secs(30 * 86_400)));
        let error = |text: &str| format!("{:#}", read(text).expect_err("bad"));
        assert!(error("voice keep 30d").contains("want `where` and a filter"));
        assert!(error("voice keep x where port 1").contains("lake.classes: \"voice keep x where port 1\": keep \"x\""));
        assert!(error("voice where portt 1").contains("portt"));
    }

    #[test]
    fn other_collectors_are_tables() {
        let text = "[[collect.forward]]\nto = \"192.0.2.9:2055\"\nexporters = [\"198.51.100.0/24\"]\nkeep_source = true\n\
            [[export]]\nurl = \"netflow9://192.0.2.8:9995\"\ntemplate = \"%IN_BYTES src_ip\"\nsides = \"both\"\n";
        let settings = Settings::parse(text).expect("good");
        let forward = settings.forwards().expect("checked").remove(0);
        assert!(forward.keep_source && forward.exporters.len() == 1 && forward.to.port() == 2055);
        let export = settings.exports().expect("checked").remove(0).target;
        assert!(export.biflow && export.template.is_some_and(|template| template.columns().len() == 2));
        let again = Settings::parse(&settings.describe()).expect("its own description");
        assert_eq!(settings.values, again.values);
        assert_eq!(
            error("[[collect.forward]]\nto = \"192.0.2.9:2055\"\nfrom = 1"),
            "collect.forward: from: no such key; want one of to, exporters, keep_source"
        );
        assert!(
            error("[[export]]\nurl = \"ipfix://192.0.2.9:1\"\ntemplate = \"%NO\"")
                .starts_with("export: template: \"%NO\"")
        );
        let own = "[collect]\nlisten = [\"127.0.0.1:2055\"]\nforward = [{ to = \"127.0.0.1:2055\" }]";
        assert!(error(own).contains("our own address"), "{}", error(own));
    }

    #[test]
    fn an_export_has_a_filter_a_buffer_and_certificates() {
        let read = |text: &str| Settings::parse(&format!("[[export]]\n{text}"));
        let tls = "url = \"ipfix+tls://collector.example:4740\"\n";
        let text = "url = \"ipfix+tcp://collector.example:4739\"\nfilter = \"port 53\"\ndomain = 7\n\
            buffer = \"/var/lib/minamo/export\"\nbuffer_size = \"2GiB\"\nkeep = \"1m\"\nrate = 9\n";
        let export = read(text).and_then(|settings| settings.exports()).expect("good").remove(0);
        assert_eq!(export.filter.as_deref(), Some("port 53"));
        let buffer = export.buffer.expect("a buffer");
        assert_eq!((buffer.bound, buffer.keep, buffer.rate), (2 << 30, Duration::from_secs(60), 9));
        assert_eq!(export.target.domain, 7);
        let error = |text: &str| format!("{:#}", read(text).expect_err("bad"));
        let udp = "url = \"ipfix://192.0.2.9:4739\"\n";
        let said = error(&format!("{udp}filter = \"src ip 10.0.0.1 and portt 5\""));
        assert!(said.starts_with("export: filter: character 21: `portt` is no column or word"), "{said}");
        assert!(read(&format!("{udp}filter = \"ip in @guests\"")).is_ok(), "sets are known to a server that runs");
        assert!(error(&format!("{udp}keep = \"9s\"")).ends_with("which is not named"));
        assert!(error(&format!("{udp}buffer = \"x\"\nrate = 0")).starts_with("export: rate: got 0, want a whole"));
        assert!(error(&format!("{udp}ca = \"ca.pem\"")).ends_with("ca and certificate are for ipfix+tls://"));
        assert!(error(&format!("{tls}buffer = \"x\"\nca = \"/nowhere.pem\"")).contains("/nowhere.pem"));
        assert!(error(&format!("{tls}certificate = \"a.pem\"")).ends_with("certificate: want `key` too"));
    }

    #[test]
    fn interfaces_can_have_settings_of_their_own() {
        let text = "[probe]\ninterfaces = [\"eth1\", \"eth2\"]\nsampling = \"count:10\"\nthreads = 2\n\
            [[probe.interface]]\nname = \"eth2\"\nsampling = \"none\"\ngroups = \"ip,tcp\"\nidle_timeout = \"5s\"\nthreads = 1\n";
        let settings = Settings::parse(text).expect("good");
        let probed = settings.probed().expect("checked");
        let told: Vec<_> =
            probed.iter().map(|of| (of.name.as_str(), of.threads, of.meter.sampling.is_some())).collect();
        assert_eq!(told, [("eth1", 2, true), ("eth2", 1, false)]);
        assert_eq!((probed[1].meter.idle_timeout, probed[1].meter.groups.app), (Duration::from_secs(5), false));
        let again = Settings::parse(&settings.describe()).expect("its own description");
        assert_eq!(settings.values, again.values);
        assert!(error("[[probe.interface]]\nthreads = 1").starts_with("probe.interface: name: want"));
        assert!(error("[[probe.interface]]\nname = \"a\"\nspeed = 1").contains("speed: no such key"));
        assert!(error("[[probe.interface]]\nname = \"a\"\nsampling = \"7\"").contains("sampling: got \"7\""));
        assert!(error("[probe]\nsampling = \"7\"").contains("\"random:100\""));
        assert!(error("[probe]\nwait = true\nuser = \"minamo\"").starts_with("probe.wait: opening an interface later"));
    }

    #[test]
    fn packets_are_kept_where_a_size_says_so() {
        assert_eq!(Settings::parse("").expect("defaults").recorder(Path::new("/data"), 1), None);
        let settings = Settings::parse("[recorder]\nsize = \"20GiB\"\npacket_bytes = \"128B\"").expect("good");
        let recorder = settings.recorder(Path::new("/data"), 3).expect("on");
        assert_eq!((recorder.folder, recorder.budget), (PathBuf::from("/data/packets"), 20 << 30));
        assert_eq!((recorder.packet_bytes, recorder.recorders), (128, 3));
    }

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse_size("64MiB"), Some(64 << 20));
        assert_eq!([parse_size("64"), parse_size("MiB"), parse_size("0B")], [None; 3]);
    }
}
