// SPDX-License-Identifier: Apache-2.0
//! Command lines of other probes, so that scripts and units that call them can call this program: `minamo ndff …`,
//! `minamo nprobe …`, or a link with that name. What they ask for is turned into a line of `minamo probe`; outputs that
//! are not there are named, and the program ends where none is left.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::Parser as _;

use crate::cli::{Cli, Command, Ndff, Nprobe, Probe};
use crate::commands::probe;

/// The file that ndff's unit takes its options from.
const NDFF_OPTIONS: &str = "/etc/sysconfig/ndff";
/// Names under which the program behaves as another.
const NAMES: [&str; 2] = ["ndff", "nprobe"];

/// The arguments of the program; those of another where it was called by that name.
pub(crate) fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut given: Vec<OsString> = given.collect();
    let name = given.first().map(Path::new).and_then(Path::file_name).and_then(|name| name.to_str());
    if let Some(name) = NAMES.iter().find(|known| Some(**known) == name) {
        given.splice(..1, ["minamo".into(), (*name).into()]);
    }
    given
}

/// `minamo ndff`.
pub(crate) fn ndff(args: &Ndff) -> anyhow::Result<()> {
    let read: Ndff;
    let mut args = args;
    if args.interfaces.is_empty() {
        let path = args.options.as_deref().unwrap_or(Path::new(NDFF_OPTIONS));
        read = ndff_options(path).context("-i names no interface")?;
        args = &read;
    }
    probe::run(&*of_ndff(args)?)
}

/// The options in a file with a line `OPTIONS="…"`.
fn ndff_options(path: &Path) -> anyhow::Result<Ndff> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let value = text.lines().rev().find_map(|line| line.trim().strip_prefix("OPTIONS="));
    let value = value.with_context(|| format!("{}: want a line OPTIONS=\"…\"", path.display()))?;
    let line = ["minamo".to_owned(), "ndff".to_owned()].into_iter().chain(words(value.trim().trim_matches('"')));
    match Cli::try_parse_from(line).with_context(|| path.display().to_string())?.command {
        Command::Ndff(args) if !args.interfaces.is_empty() => Ok(*args),
        _ => bail!("{}: want -i and an interface in OPTIONS", path.display()),
    }
}

/// Words of a line, where blanks between quotes belong to a word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut open, mut quote) = (Vec::<String>::new(), false, None);
    for letter in line.chars() {
        match (letter, quote) {
            ('\'' | '"', None) => quote = Some(letter),
            (letter, Some(ends)) if letter == ends => quote = None,
            (letter, None) if letter.is_whitespace() => open = false,
            (letter, _) => {
                if !std::mem::replace(&mut open, true) {
                    words.push(String::new());
                }
                if let Some(word) = words.last_mut() {
                    word.push(letter);
                }
            }
        }
    }
    words
}

fn of_ndff(args: &Ndff) -> anyhow::Result<Box<Probe>> {
    let place = format!("{}:{}", args.server, args.port);
    let missing =
        format!("the output to Fluentd ({place}, tag {}, {}) is not part of this version yet", args.tag, args.messages);
    let Some(output) = &args.output else {
        bail!("{missing}; --output FILE writes the flows as JSON lines, `minamo probe` sends them to a collector");
    };
    if !args.quiet {
        eprintln!("minamo ndff: {missing}: flows are written to {}", output.display());
    }
    let mut line = Line::new(&args.interfaces);
    if output != Path::new("-") {
        line.add("--output", output);
    }
    line.probe()
}

/// `minamo nprobe`.
pub(crate) fn nprobe(args: &Nprobe) -> anyhow::Result<()> {
    probe::run(&*of_nprobe(args)?)
}

fn of_nprobe(args: &Nprobe) -> anyhow::Result<Box<Probe>> {
    if let Some(elastic) = &args.elastic {
        let missing = format!("the output to Elasticsearch ({elastic}) is not part of this version yet");
        if args.collector.is_none() && args.output.is_none() {
            bail!("{missing}; -n HOST:PORT sends the flows to a collector, --output FILE writes them as JSON lines");
        }
        eprintln!("minamo nprobe: {missing}");
    }
    let mut line = Line::new(&args.interfaces);
    line.add("--idle-timeout", format!("{}s", args.idle)).add("--active-timeout", format!("{}s", args.lifetime));
    if let Some(filter) = &args.filter {
        line.add("--filter", filter);
    }
    if let Some(output) = &args.output {
        if args.template.is_some() {
            eprintln!("minamo nprobe: -T has no effect on --output: all columns are written");
        }
        if output != Path::new("-") {
            line.add("--output", output);
        }
        return line.probe();
    }
    // Without -n nProbe sends to this port of the same machine.
    let collector = args.collector.as_deref().unwrap_or("127.0.0.1:2055");
    if collector == "none" {
        bail!("-n none: want a collector, or --output FILE");
    }
    line.add("--export", url(collector, args.version)?);
    if let Some(template) = &args.template {
        line.add("--template", template);
    }
    if let Some(buffer) = &args.buffer {
        line.add("--buffer", buffer);
    }
    line.probe()
}

/// A collector as nProbe has it: `host:port`, `udp://host:port`, `tcp://host:port`.
fn url(collector: &str, version: u8) -> anyhow::Result<String> {
    let (transport, place) = collector.split_once("://").unwrap_or(("udp", collector));
    Ok(match (transport, version) {
        ("udp", 5) => format!("netflow5://{place}"),
        ("udp", 9) => format!("netflow9://{place}"),
        ("udp", _) => format!("ipfix://{place}"),
        ("tcp", 10) => format!("ipfix+tcp://{place}"),
        ("tcp", _) => bail!("-n {collector}: NetFlow version {version} over TCP is not supported; want -V 10"),
        _ => bail!("-n {collector}: want HOST:PORT, udp://HOST:PORT or tcp://HOST:PORT"),
    })
}

/// A line of `minamo probe` in the making.
struct Line(Vec<OsString>);

impl Line {
    fn new(interfaces: &[String]) -> Self {
        Self(vec!["minamo".into(), "probe".into(), "--interface".into(), interfaces.join(",").into()])
    }

    fn add(&mut self, option: &str, value: impl Into<OsString>) -> &mut Self {
        let mut word = OsString::from(option);
        word.push("=");
        word.push(value.into());
        self.0.push(word);
        self
    }

    fn probe(self) -> anyhow::Result<Box<Probe>> {
        match Cli::try_parse_from(self.0)?.command {
            Command::Probe(args) => Ok(args),
            _ => bail!("no line of a probe"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn cli(line: &[&str]) -> Command {
        let given = arguments(line.iter().map(OsString::from));
        Cli::try_parse_from(given).unwrap_or_else(|error| panic!("{error}")).command
    }

    #[test]
    fn the_documented_line_of_ndff_is_understood_and_says_what_is_missing() {
        let line = ["-i", "eth1,eth2", "-s", "fluentd.server.local", "-p", "24224", "-t", "ndff.flow", "-m", "msgpack"];
        for front in [&["/usr/bin/ndff"][..], &["minamo", "ndff"]] {
            let Command::Ndff(args) = cli(&[front, &line, &["-q"]].concat()) else { panic!("ndff") };
            assert_eq!((args.interfaces.len(), args.port, args.quiet), (2, 24_224, true));
            let error = of_ndff(&args).err().expect("no Fluentd yet").to_string();
            assert!(error.contains("Fluentd (fluentd.server.local:24224, tag ndff.flow, msgpack)"), "{error}");
        }
        let Command::Ndff(args) = cli(&[&["ndff"][..], &line, &["--output", "flows.jsonl"]].concat()) else {
            panic!("ndff")
        };
        let probe = of_ndff(&args).expect("a file is there");
        assert_eq!(probe.interfaces, ["eth1", "eth2"]);
        assert_eq!(probe.output, Some(PathBuf::from("flows.jsonl")));
    }

    #[test]
    fn options_of_ndff_come_from_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ndff");
        fs::write(&path, "# comment\nOPTIONS=\"-i eth1,eth2 -s 'f.example' -p 24224 -t ndff.flow -m json -q\"\n")
            .expect("written");
        let args = ndff_options(&path).expect("options");
        assert_eq!((args.interfaces.join("+").as_str(), args.server.as_str()), ("eth1+eth2", "f.example"));
        fs::write(&path, "OPTIONS=\"-s f.example\"").expect("written");
        assert!(ndff_options(&path).err().expect("no interface").to_string().contains("want -i and an interface"));
        assert_eq!(words("a 'b c'\"d\"  e"), ["a", "b cd", "e"]);
    }

    #[test]
    fn the_documented_line_of_nprobe_is_understood_and_says_what_is_missing() {
        let template = "%IPV4_SRC_ADDR %L4_SRC_PORT %IPV4_DST_ADDR %L4_DST_PORT %PROTOCOL %IN_BYTES %OUT_BYTES \
            %FIRST_SWITCHED %LAST_SWITCHED %HTTP_SITE %HTTP_RET_CODE %IN_PKTS %OUT_PKTS %IP_PROTOCOL_VERSION \
            %APPLICATION_ID %L7_PROTO_NAME %ICMP_TYPE";
        let elastic = "nprobe;nprobe;http://127.0.0.1:9200/_bulk";
        let line = ["nprobe", "--json-labels", "--elastic", elastic, "-i", "eth0", "-T", template];
        let Command::Nprobe(args) = cli(&line) else { panic!("nprobe") };
        let error = of_nprobe(&args).err().expect("no Elasticsearch yet").to_string();
        assert!(error.contains(elastic) && error.contains("not part of this version yet"), "{error}");
        let Command::Nprobe(args) = cli(&[&line[..], &["-n", "192.0.2.1:2055", "-V", "10"]].concat()) else {
            panic!("nprobe")
        };
        let probe = of_nprobe(&args).expect("a collector");
        assert_eq!(probe.export.export.as_deref(), Some("ipfix://192.0.2.1:2055"));
        assert_eq!(probe.export.template.as_deref(), Some(template));
        assert_eq!(probe.idle_timeout.as_secs(), 30);
        let Command::Nprobe(args) = cli(&["minamo", "nprobe", "-i", "eth0"]) else { panic!("nprobe") };
        let probe = of_nprobe(&args).expect("the default");
        assert_eq!(probe.export.export.as_deref(), Some("netflow9://127.0.0.1:2055"));
    }

    #[test]
    fn other_names_change_nothing() {
        let given = arguments(["/usr/bin/minamo", "meter", "x"].iter().map(OsString::from));
        assert_eq!(given, ["/usr/bin/minamo", "meter", "x"]);
    }
}
