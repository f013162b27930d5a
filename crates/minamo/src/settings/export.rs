// SPDX-License-Identifier: Apache-2.0
//! A table of `[[export]]`: a collector, what it gets, and how it is reached.

use anyhow::{Context as _, bail};
use minamo_detect::parse_length;
use minamo_filter::asks_for_names;
use minamo_sinks::export::{Target, TlsFiles, spool};

use super::keys::Keys;
use crate::commands::export::{options, tls};
use crate::size::parse_size;

/// A collector that gets flows.
#[derive(Debug, Clone)]
pub(crate) struct Export {
    /// The collector and the form of its records.
    pub(crate) target: Target,
    /// The flows that it gets; all where there is no filter. One that names sets or tags is read when these are known.
    pub(crate) filter: Option<String>,
    /// The buffer on disk, where there is one.
    pub(crate) buffer: Option<spool::Settings>,
}

impl Export {
    /// Reads a table; an error names the key.
    pub(super) fn read(table: &toml::Table) -> anyhow::Result<Self> {
        let mut keys = Keys::of(table);
        let url = keys.text("url")?.context("url: want such as \"ipfix://192.0.2.9:4739\"")?;
        let filter = keys.text("filter")?;
        if let Some(text) = filter.filter(|text| !asks_for_names(text)) {
            minamo_filter::parse(text).map_err(|error| anyhow::anyhow!("filter: {error}"))?;
        }
        let filter = filter.map(str::to_owned);
        let (template, biflow) = (keys.text("template")?, biflow(&mut keys)?);
        let (domain, enterprise) = (keys.number_from("domain", 0)?, keys.number_from("enterprise", 0)?);
        let (nanoseconds, eta) = (keys.flag("nanoseconds")?, keys.flag("eta")?);
        let files = files(&mut keys)?;
        let buffer = buffer(&mut keys)?;
        keys.end()?;
        // With a buffer the collector's name may be unknown now: it is looked up for each connection.
        let target = if buffer.is_some() { Target::parse_form(url)? } else { Target::parse(url)? };
        let mut target = tls(target, files, "ca and certificate")?.with_nanoseconds(nanoseconds).with_eta(eta);
        if let Some(domain) = domain {
            target = target.with_domain(domain);
        }
        if let Some(enterprise) = enterprise {
            target = target.with_enterprise(enterprise);
        }
        let target = options(target, template, biflow)?;
        Ok(Self { target, filter, buffer })
    }
}

fn biflow(keys: &mut Keys<'_>) -> anyhow::Result<Option<bool>> {
    Ok(match keys.text("sides")? {
        None => None,
        Some("one") => Some(false),
        Some("both") => Some(true),
        Some(other) => bail!("sides: got {other:?}, want \"one\" or \"both\""),
    })
}

fn files(keys: &mut Keys<'_>) -> anyhow::Result<TlsFiles> {
    let authority = keys.path("ca")?;
    let identity = match (keys.path("certificate")?, keys.path("key")?) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (Some(_), None) => bail!("certificate: want `key` too"),
        (None, Some(_)) => bail!("key: want `certificate` too"),
    };
    Ok(TlsFiles { authority, identity })
}

fn buffer(keys: &mut Keys<'_>) -> anyhow::Result<Option<spool::Settings>> {
    let folder = keys.path("buffer")?;
    let bound = keys.said("buffer_size", "a size with a unit such as \"1GiB\"", parse_size)?;
    let keep = keys.said("keep", "a length with a unit such as \"30s\"", parse_length)?;
    let rate = keys.number_from("rate", 1)?;
    let Some(folder) = folder else {
        if bound.is_some() || keep.is_some() || rate.is_some() {
            bail!("buffer_size, keep and rate are for a `buffer`, the folder of which is not named");
        }
        return Ok(None);
    };
    let usual = spool::Settings::new(&folder);
    Ok(Some(spool::Settings {
        bound: bound.map_or(usual.bound, |bound| bound as u64),
        keep: keep.unwrap_or(usual.keep),
        rate: rate.unwrap_or(usual.rate),
        ..usual
    }))
}
