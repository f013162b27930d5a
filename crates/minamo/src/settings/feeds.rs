// SPDX-License-Identifier: Apache-2.0
//! `[[feed]]`: lists of addresses and names that others call bad.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use minamo_detect::parse_length;

use super::Settings;
use super::keys::Keys;
use crate::feeds::{Feed, Source};

/// How often a feed is fetched where nobody says.
const EVERY: &str = "6h";
/// Shortest pause between two fetches, in seconds: those who publish feeds ask for it.
const SHORTEST_SECS: u64 = 300;

impl Settings {
    /// `feed`.
    pub(crate) fn feeds(&self) -> anyhow::Result<Vec<Feed>> {
        let mut feeds: Vec<Feed> = Vec::new();
        for table in self.tables("feed") {
            let feed = feed(table).context("feed")?;
            ensure!(!feeds.iter().any(|other| other.name == feed.name), "feed: name: {:?} is there twice", feed.name);
            feeds.push(feed);
        }
        Ok(feeds)
    }
}

fn feed(table: &toml::Table) -> anyhow::Result<Feed> {
    let mut keys = Keys::of(table);
    let name = keys.text("name")?.context("name: want a name such as \"urlhaus\"")?.to_owned();
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    ensure!(
        !name.is_empty() && name.len() <= 64 && name.chars().all(sound),
        "name: got {name:?}, want letters, digits, - and _"
    );
    let length = |key: &str, text: &str| {
        parse_length(text).with_context(|| format!("{key}: got {text:?}, want a length such as \"6h\""))
    };
    let every = length("every", keys.text("every")?.unwrap_or(EVERY))?;
    ensure!(every.as_secs() >= SHORTEST_SECS, "every: want at least 5m");
    let hunt = keys.text("hunt")?.map(|text| length("hunt", text)).transpose()?;
    let header = match keys.text("header_file")? {
        None => None,
        Some(path) => Some(header(Path::new(path)).with_context(|| format!("header_file: {path}"))?),
    };
    let source = match (keys.text("path")?, keys.text("url")?) {
        (Some(path), None) if header.is_none() => Source::File(path.into()),
        (None, Some(url)) if url.starts_with("https://") || url.starts_with("http://") => {
            Source::Url(url.to_owned(), header)
        }
        (None, Some(url)) => bail!("url: got {url:?}, want such as \"https://feeds.example.com/list.txt\""),
        _ => bail!("url: want either url or path; header_file goes with url"),
    };
    keys.end()?;
    Ok(Feed { name, source, every, hunt })
}

/// The header in the first line of a file: `Authorization: Bearer …`.
fn header(path: &Path) -> anyhow::Result<(String, String)> {
    let text = std::fs::read_to_string(path)?;
    let line = text.lines().next().unwrap_or_default();
    let (name, value) = line.split_once(':').context("want a line such as \"Authorization: Bearer …\"")?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn feeds_are_read_and_what_is_wrong_names_the_key() {
        let parse = |text: &str| Settings::parse(text).and_then(|settings| settings.feeds());
        let good = "[[feed]]\nname = \"urlhaus\"\nurl = \"https://feeds.example.com/x\"\nhunt = \"30d\"\n[[feed]]\nname = \"own\"\npath = \"/etc/minamo/bad.txt\"\n";
        let feeds = parse(good).expect("good");
        assert_eq!(
            (feeds[0].every, feeds[0].hunt),
            (Duration::from_secs(21_600), Some(Duration::from_secs(30 * 86_400)))
        );
        assert_eq!(feeds[1].source, Source::File("/etc/minamo/bad.txt".into()));
        let error = |from: &str, to: &str| format!("{:#}", parse(&good.replace(from, to)).expect_err("wrong"));
        assert!(error("\"own\"", "\"urlhaus\"").contains("is there twice"));
        assert!(error("https://", "ftp://").starts_with("feed: url: got"));
        assert!(error("\"30d\"", "\"soon\"").starts_with("feed: hunt: got \"soon\""));
        assert!(error("name = \"own\"", "name = \"a/b\"").starts_with("feed: name: got \"a/b\""));
        assert!(error("hunt = \"30d\"", "every = \"1m\"").contains("at least 5m"));
        assert!(error("hunt = \"30d\"", "huntt = \"30d\"").contains("huntt: no such key"));
    }
}
