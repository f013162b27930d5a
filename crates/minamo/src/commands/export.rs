// SPDX-License-Identifier: Apache-2.0
//! What commands that send flows to a collector share: the options, and what is said at the end.

use std::sync::Arc;

use anyhow::Context as _;
use minamo_base::Time;
use minamo_meter::Groups;
use minamo_sinks::export::{Clock, Counters, Exporter, Target, Template, TlsFiles, Transport};

use crate::cli::{Export, Sides};

/// An export that was asked for.
pub(super) struct Open {
    /// Takes the rows.
    pub(super) exporter: Exporter,
    /// What became of them.
    pub(super) told: Told,
}

/// The account of an export.
pub(super) struct Told {
    url: String,
    counters: Arc<Counters>,
}

impl Told {
    /// Says on standard error what was sent and what was not.
    pub(super) fn tell(&self) {
        eprintln!("minamo: {} record(s) sent to {}", self.counters.sent(), self.url);
        for loss in self.counters.losses() {
            eprintln!("minamo: {loss}");
        }
    }
}

/// Groups of columns to meter, of the options `--light` and `--groups`. Refuses an export of what they leave out.
pub(super) fn groups(light: bool, groups: Groups, args: &Export) -> anyhow::Result<Groups> {
    let groups = if light { Groups::LIGHT } else { groups };
    let carried = groups.splt || groups.bd || groups.idp;
    anyhow::ensure!(carried || !args.eta, "--eta: nothing to send, because the groups splt, bd and idp are left out");
    Ok(groups)
}

/// The export that the options ask for, if they do. Names on standard error what a template asks for and the format
/// cannot carry.
pub(super) fn open(args: &Export) -> anyhow::Result<Option<Open>> {
    let Some(url) = &args.export else { return Ok(None) };
    let target = asked(Target::parse(url)?, args)?;
    let counters = Arc::new(Counters::default());
    let exporter = Exporter::new(target, Clock::Rows(Time(i64::MIN)), Arc::clone(&counters));
    Ok(Some(Open { exporter, told: Told { url: url.clone(), counters } }))
}

/// The target that the options ask for, if they do; its host may have no address yet.
pub(super) fn later(args: &Export) -> anyhow::Result<Option<Target>> {
    let Some(url) = &args.export else { return Ok(None) };
    asked(Target::parse_form(url)?, args).map(Some)
}

fn asked(target: Target, args: &Export) -> anyhow::Result<Target> {
    let biflow = args.sides.map(|sides| matches!(sides, Sides::Both));
    let identity = args.certificate.clone().zip(args.key.clone());
    let target = tls(target, TlsFiles { authority: args.ca.clone(), identity }, "--ca and --certificate")?;
    let target = target.with_enterprise(args.enterprise).with_nanoseconds(args.nanoseconds).with_eta(args.eta);
    options(target, args.template.as_deref(), biflow)
}

/// A target with the files of TLS, which are looked at now: a wrong name shall not wait until the collector is there.
/// `names` is how they are asked for.
pub(crate) fn tls(target: Target, files: TlsFiles, names: &str) -> anyhow::Result<Target> {
    if target.transport != Transport::Tls {
        anyhow::ensure!(files == TlsFiles::default(), "{names} are for ipfix+tls://");
        return Ok(target);
    }
    files.check().context("TLS")?;
    Ok(target.with_tls(files))
}

/// A target with a template and the directions of its records. Names on standard error what the template asks for and
/// the format cannot carry.
pub(crate) fn options(mut target: Target, template: Option<&str>, biflow: Option<bool>) -> anyhow::Result<Target> {
    if let Some(text) = template {
        let template = Template::parse(text)?;
        for left_out in target.left_out(&template) {
            eprintln!("minamo: not exported: {left_out}");
        }
        target = target.with_template(template)?;
    }
    Ok(match biflow {
        Some(biflow) => target.with_biflow(biflow),
        None => target,
    })
}
