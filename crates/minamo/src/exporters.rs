// SPDX-License-Identifier: Apache-2.0
//! The file of `collect.exporters`: what is known of exporters beforehand.
//!
//! ```toml
//! [[exporter]]
//! address = "192.0.2.1"
//! name = "core-1"
//! site = "Tokyo"
//! tags = ["core"]
//! sampling = 1000            # where it does not tell
//! rate = 50000               # records a second that are taken
//! allow = true               # false: counted only
//! [exporter.interfaces.1]
//! name = "Gi0/1"
//! description = "uplink"
//! speed = 1000000000         # bits a second
//! ```

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use minamo_base::Ip;
use minamo_collect::Known;
use minamo_flowwire::Interface;
use toml::{Table, Value};

/// Reads the file; the error names setting, file and the place in it.
pub(crate) fn load(path: &Path) -> anyhow::Result<HashMap<Ip, Known>> {
    let context = || format!("collect.exporters: {}", path.display());
    let text = std::fs::read_to_string(path).with_context(context)?;
    parse(&text).with_context(context)
}

fn parse(text: &str) -> anyhow::Result<HashMap<Ip, Known>> {
    let mut file: Table = text.parse().map_err(|e: toml::de::Error| anyhow::anyhow!("{}", e.to_string().trim_end()))?;
    let mut known = HashMap::new();
    let list = match file.remove("exporter") {
        Some(Value::Array(list)) => list,
        None => Vec::new(),
        Some(_) => bail!("exporter: want tables [[exporter]]"),
    };
    if let Some(key) = file.keys().next() {
        bail!("{key}: want tables [[exporter]]");
    }
    for (at, one) in list.into_iter().enumerate() {
        let place = || format!("exporter {}", at + 1);
        let Value::Table(mut table) = one else { bail!("{}: want a table", place()) };
        let address: Ip = take_text(&mut table, "address")
            .and_then(|text| Ok(text.context("want an address")?.parse()?))
            .with_context(|| format!("{}: address", place()))?;
        let entry = exporter(table).with_context(|| format!("{} ({address})", place()))?;
        if known.insert(address, entry).is_some() {
            bail!("{}: {address} was there before", place());
        }
    }
    Ok(known)
}

fn exporter(mut table: Table) -> anyhow::Result<Known> {
    let mut known = Known {
        name: take_text(&mut table, "name")?.unwrap_or_default(),
        site: take_text(&mut table, "site")?.unwrap_or_default(),
        sampling: take_count(&mut table, "sampling")?,
        rate: take_count(&mut table, "rate")?,
        allow: take_bool(&mut table, "allow")?,
        ..Known::default()
    };
    for tag in take_list(&mut table, "tags")? {
        known.tags.push(tag.as_str().context("tags: want a list of words")?.to_owned());
    }
    let interfaces = match table.remove("interfaces") {
        None => Table::new(),
        Some(Value::Table(interfaces)) => interfaces,
        Some(_) => bail!("interfaces: want a table by number"),
    };
    for (index, one) in interfaces {
        let number: u32 = index.parse().with_context(|| format!("interfaces.{index}: want a number"))?;
        let Value::Table(mut one) = one else { bail!("interfaces.{index}: want a table") };
        let interface = Interface {
            name: take_text(&mut one, "name")?.unwrap_or_default(),
            description: take_text(&mut one, "description")?.unwrap_or_default(),
            speed: match one.remove("speed") {
                None => 0,
                Some(speed) => speed
                    .as_integer()
                    .and_then(|speed| u64::try_from(speed).ok())
                    .with_context(|| format!("interfaces.{index}.speed: want bits a second"))?,
            },
        };
        nothing_left(&one).with_context(|| format!("interfaces.{index}"))?;
        known.interfaces.insert(number, interface);
    }
    nothing_left(&table)?;
    Ok(known)
}

fn nothing_left(table: &Table) -> anyhow::Result<()> {
    match table.keys().next() {
        Some(key) => bail!("{key}: no such setting"),
        None => Ok(()),
    }
}

fn take_text(table: &mut Table, key: &str) -> anyhow::Result<Option<String>> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => bail!("{key}: got {other}, want a text"),
    }
}

fn take_count(table: &mut Table, key: &str) -> anyhow::Result<Option<u32>> {
    let Some(value) = table.remove(key) else { return Ok(None) };
    let count = value.as_integer().and_then(|count| u32::try_from(count).ok()).filter(|count| *count > 0);
    Ok(Some(count.with_context(|| format!("{key}: got {value}, want a whole number of at least 1"))?))
}

fn take_bool(table: &mut Table, key: &str) -> anyhow::Result<Option<bool>> {
    match table.remove(key) {
        None => Ok(None),
        Some(Value::Boolean(value)) => Ok(Some(value)),
        Some(other) => bail!("{key}: got {other}, want true or false"),
    }
}

fn take_list(table: &mut Table, key: &str) -> anyhow::Result<Vec<Value>> {
    match table.remove(key) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list),
        Some(other) => bail!("{key}: got {other}, want a list"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exporters_have_names_rates_and_interfaces() {
        let text = "[[exporter]]\naddress = '192.0.2.1'\nname = 'core-1'\ntags = ['a']\nsampling = 100\n[exporter.interfaces.7]\nname = 'Gi0/7'\nspeed = 1000\n";
        let known = parse(text).expect("good");
        let one = &known[&Ip::v4([192, 0, 2, 1])];
        assert_eq!((one.name.as_str(), one.sampling, one.rate, one.tags.len()), ("core-1", Some(100), None, 1));
        assert_eq!((one.interfaces[&7].name.as_str(), one.interfaces[&7].speed), ("Gi0/7", 1_000));
    }

    #[test]
    fn errors_name_the_exporter_and_the_key() {
        let error = |text: &str| format!("{:#}", parse(text).expect_err("bad"));
        assert!(error("[[exporter]]\nname = 'x'").starts_with("exporter 1: address: want an address"));
        let bad = "[[exporter]]\naddress = '::1'\nsampling = 0";
        assert_eq!(error(bad), "exporter 1 (::1): sampling: got 0, want a whole number of at least 1");
        assert_eq!(error("[[exporter]]\naddress = '::1'\ncolour = 1"), "exporter 1 (::1): colour: no such setting");
        assert!(error("[[exporter]]\naddress = '::1'\nallow = 1").ends_with("allow: got 1, want true or false"));
        assert!(error("[[exporter]]\naddress = '::1'\n[[exporter]]\naddress = '::1'").contains("was there before"));
    }
}
