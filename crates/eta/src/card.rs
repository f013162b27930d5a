// SPDX-License-Identifier: Apache-2.0
//! The model card: what a model was trained on, how good it is on what it did not see, and what nobody should conclude.

use std::fmt::Write as _;

use crate::calibrate::MIX;
use crate::drift::MOVED;
use crate::evaluate::{Counted, Later, LeftOut, Report};
use crate::features::{FEATURES, Source};
use crate::model::Model;
use crate::tunnel::{Found, Tunnel};

/// Sessions of benign networks, and networks, below which a rate of 1 in 1,000 cannot be measured.
const NEGATIVES: usize = 10_000;
const NETWORKS: usize = 50;

/// The card in Markdown.
pub fn card(model: &Model, report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    write_card(&mut out, model, report).unwrap_or_default();
    out
}

fn write_card(out: &mut String, model: &Model, report: &Report) -> std::fmt::Result {
    let (body, summary) = (model.body(), &model.body().summary);
    let [benign, malware] = summary.sessions;
    writeln!(out, "# Model card: {}\n", model.label())?;
    writeln!(out, "Written by `minamo model train`; do not edit. What the words mean is in")?;
    writeln!(out, "[encrypted traffic](encrypted-traffic.md).\n")?;
    writeln!(out, "- SHA-256: `{}`", model.sha256())?;
    let tunnel = body.tunnel.as_ref().map_or("", |_| "`doh_tunnel`, ");
    writeln!(out, "- Classes: `benign`, `malware_c2`, {tunnel}`unknown` (not judged)")?;
    writeln!(out, "- Trees: {} of depth {}, {} features", body.trees.len(), body.trees.depth, body.features.len())?;
    let asks = model.asks();
    writeln!(out, "- Asks for: {}", asks.iter().map(|source| source.name()).collect::<Vec<_>>().join(", "))?;
    if asks.contains(&Source::Octets) {
        writeln!(out, "  (counts of octet values only where the probe is told to take them, group `bd`)")?;
    }
    writeln!(
        out,
        "- Malware from a probability of {:.3} on: 1 % of the benign training sessions that are judged, by trees that did not see them",
        body.threshold
    )?;
    writeln!(out, "- Families: {}\n", summary.families.join(", "))?;
    writeln!(
        out,
        "## Data\n\n{benign} benign and {malware} malware sessions, each once; {} simulated sessions beside them.\n",
        summary.simulated
    )?;
    let [lookups, through] = summary.doh;
    if lookups + through > 0 {
        writeln!(
            out,
            "{lookups} sessions of lookups by DNS over HTTPS and {through} of tunnels in it, for the class `doh_tunnel` alone.\n"
        )?;
    }
    writeln!(out, "| corpus | benign | malware |\n|---|---:|---:|")?;
    for (name, [benign, malware]) in &summary.corpora {
        writeln!(out, "| {name} | {benign} | {malware} |")?;
    }
    writeln!(out, "\n## What not to conclude\n")?;
    let networks = summary.corpora.iter().filter(|(_, [benign, _])| *benign > 0).count();
    if benign < NEGATIVES || networks < NETWORKS {
        writeln!(
            out,
            "A false positive rate of 1 in 1,000 or 10,000 is **not quoted**: it takes at least {NEGATIVES} benign sessions of {NETWORKS} networks"
        )?;
        writeln!(
            out,
            "to measure one, and there are {benign} of {networks} collections. The same holds for the false discovery rate at these."
        )?;
    }
    writeln!(
        out,
        "Labels of infection captures are weak: what is not a well-known vendor's name there counts as malware. Probabilities hold for"
    )?;
    writeln!(
        out,
        "a mix of classes in which malware is {MIX:.2} of all; where malware is rarer, so is truth behind the same number.\n"
    )?;
    areas(out, report)?;
    verdicts(out, report)?;
    drift(out, report)?;
    if let Some(tunnel) = &body.tunnel {
        tunnels(out, tunnel, report)?;
    }
    writeln!(
        out,
        "## Evasion\n\nShare of malware sessions still found where no octets are counted, at two thresholds: the one that 1 % of the benign sessions that are\njudged pass, and the one that 1 % of all benign sessions pass (those that are not judged raise no alarm). Trees that did not see the capture.\n"
    )?;
    writeln!(out, "| trick | 1 % of those judged | 1 % of all |\n|---|---:|---:|")?;
    for (name, [of_judged, of_all]) in &report.tricks {
        writeln!(out, "| {name} | {of_judged:.3} | {of_all:.3} |")?;
    }
    features(out)
}

fn features(out: &mut String) -> std::fmt::Result {
    writeln!(out, "\n## Features\n\n| name | unit | from | direction | meaning |\n|---|---|---|---|---|")?;
    for feature in FEATURES {
        let direction = match feature.direction {
            1.. => "more is worse",
            0 => "",
            _ => "more is better",
        };
        let source = format!("{:?}", feature.source).to_lowercase();
        writeln!(out, "| `{}` | {} | {source} | {direction} | {} |", feature.name, feature.unit, feature.doc)?;
    }
    Ok(())
}

fn drift(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "## Drift\n\nSessions of a year and later, by what was learnt from those before it, threshold and calibration included.\n"
    )?;
    writeln!(
        out,
        "| from year | malware learnt from | area | malware | found | benign | flagged | not judged |\n|---:|---:|---:|---:|---:|---:|---:|---:|"
    )?;
    for Later { year, learnt, area, benign, malware } in &report.later {
        let share = |counted: &Counted| counted.flagged as f64 / counted.sessions.max(1) as f64 * 100.0;
        writeln!(
            out,
            "| {year} | {learnt} | {} | {} | {:.1} % | {} | {:.1} % | {} |",
            number(*area),
            malware.sessions,
            share(malware),
            benign.sessions,
            share(benign),
            benign.unknown + malware.unknown
        )?;
    }
    writeln!(
        out,
        "\nBenign sessions of a collection beside those of all others: features whose population stability index is above {MOVED} have moved. Networks differ so\nmuch that most have; `minamo model evaluate` tells it of yours.\n"
    )?;
    writeln!(out, "| collection | sessions | features moved | furthest |\n|---|---:|---:|---|")?;
    for (name, sessions, moved) in &report.moved {
        let count = moved.iter().filter(|moved| moved.index > MOVED).count();
        let furthest: Vec<String> =
            moved.iter().take(3).map(|moved| format!("`{}` {:.1}", moved.feature, moved.index)).collect();
        writeln!(out, "| {name} | {sessions} | {count} of {} | {} |", moved.len(), furthest.join(", "))?;
    }
    writeln!(out)
}

fn tunnels(out: &mut String, tunnel: &Tunnel, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "## Tunnels in DNS over HTTPS\n\nJudged by {} trees of their own, which ask for lengths and times under the keys only, where a client asked at least four times, by messages\nof which half have at most 4,096 octets. Tunnels from a probability of {:.3} on: 5 in 1,000 of the ordinary sessions of training, by trees that did not see the host. In this table, too:\n",
        tunnel.trees.len(),
        tunnel.threshold
    )?;
    found(out, &report.tunnels)?;
    if !report.elsewhere.is_empty() {
        writeln!(out, "\nOf a laboratory that no training saw (lengths of parts of connections):\n")?;
        found(out, &report.elsewhere)?;
    }
    writeln!(out)
}

fn found(out: &mut String, all: &[Found]) -> std::fmt::Result {
    writeln!(out, "| sessions of | sessions | asked so | taken for tunnels |\n|---|---:|---:|---:|")?;
    for Found { name, sessions, judged, taken } in all {
        let share = *taken as f64 / (*sessions).max(1) as f64 * 100.0;
        writeln!(out, "| {name} | {sessions} | {judged} | {taken} ({share:.1} %) |")?;
    }
    Ok(())
}

fn areas(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        out,
        "## Area under the curve, corpora left out\n\nTwo corpora are left out of training and judged together, for every pair that has both classes; means.\nSessions of which too little was seen to judge them are left out, here and in training.\n"
    )?;
    writeln!(out, "| judged by | one left out | two left out |\n|---|---:|---:|")?;
    for areas in &report.areas {
        writeln!(out, "| {} | {} | {} |", areas.name, number(areas.one), number(areas.two))?;
    }
    let Some(all) = report.areas.first() else { return Ok(()) };
    writeln!(out, "\nBy pair, all that the model asks:\n\n| left out | | area |\n|---|---|---:|")?;
    for ([first, second], area) in &all.pairs {
        writeln!(out, "| {first} | {second} | {area:.3} |")?;
    }
    let (area, recall) = report.by_capture;
    writeln!(
        out,
        "\nSplit by capture only (benign corpora whole): area {}, {} of malware found at 1 % of the benign sessions that are judged.\n",
        number(area),
        number(recall)
    )
}

fn verdicts(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "## Verdicts on what was left out\n\nThreshold and calibration come from what was left in.\n")?;
    for (form, left_out) in forms(report) {
        writeln!(
            out,
            "| benign sessions of, {form} | sessions | taken for malware | not judged |\n|---|---:|---:|---:|"
        )?;
        left_out.networks.iter().try_for_each(|network| line(out, network))?;
        line(out, &sum("all", &left_out.networks))?;
        writeln!(out)?;
    }
    writeln!(out, "| family left out | sessions | taken for malware | not judged |\n|---|---:|---:|---:|")?;
    report.families.iter().try_for_each(|family| line(out, family))?;
    line(out, &sum("all", &report.families))?;
    for (form, left_out) in forms(report) {
        writeln!(out, "\n| each corpus left out, {form} | benign | malware | unknown |\n|---|---:|---:|---:|")?;
        for (name, [benign, malware, unknown]) in ["is benign", "is malware"].iter().zip(left_out.confusion) {
            writeln!(out, "| {name} | {benign} | {malware} | {unknown} |")?;
        }
        let [[_, wrong, _], [_, right, _]] = left_out.confusion;
        let [benign, malware] = left_out.confusion.map(|row| row.iter().sum::<usize>());
        let share = malware as f64 / (benign + malware).max(1) as f64;
        let precision = number((right + wrong > 0).then(|| right as f64 / (right + wrong) as f64));
        writeln!(out, "\nPrecision {precision}, where {share:.2} of all sessions are malware.")?;
    }
    writeln!(
        out,
        "\n## Calibration\n\nExpected calibration error of what is judged, in the mix of classes that probabilities hold for, each corpus left out: {:.3} with\ncounts of octets, {:.3} without; split by capture {:.3}.\n",
        report.counted.error, report.uncounted.error, report.error_by_capture
    )?;
    writeln!(out, "| told | sessions | mean told | malware | |\n|---|---:|---:|---:|---|")?;
    for (at, bin) in report.counted.bins.iter().enumerate() {
        let bar = "█".repeat((bin.true_share * 20.0).round() as usize);
        writeln!(
            out,
            "| {:.1} to {:.1} | {} | {:.2} | {:.2} | {bar} |",
            at as f64 / 10.0,
            (at + 1) as f64 / 10.0,
            bin.count,
            bin.told,
            bin.true_share
        )?;
    }
    writeln!(out)
}

/// Verdicts on sessions as captures give them, and as probes that count no octets do.
fn forms(report: &Report) -> [(&'static str, &LeftOut); 2] {
    [("octets counted", &report.counted), ("no octets counted", &report.uncounted)]
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

fn line(out: &mut String, counted: &Counted) -> std::fmt::Result {
    let Counted { name, sessions, flagged, unknown } = counted;
    let percent = |of: usize| *flagged as f64 / of.max(1) as f64 * 100.0;
    let (of_all, of_judged) = (percent(*sessions), percent(sessions - unknown));
    writeln!(out, "| {name} | {sessions} | {flagged} ({of_all:.1} %; {of_judged:.1} % of those judged) | {unknown} |")
}

fn sum(name: &str, all: &[Counted]) -> Counted {
    all.iter().fold(Counted { name: name.to_owned(), ..Counted::default() }, |mut sum, one| {
        sum.sessions += one.sessions;
        sum.flagged += one.flagged;
        sum.unknown += one.unknown;
        sum
    })
}
