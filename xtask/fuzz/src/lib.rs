// SPDX-License-Identifier: Apache-2.0
//! Fuzz targets as a table: one file per reader of strangers' octets, one line in [`TARGETS`]. The programs that
//! libFuzzer drives are under `fuzz/` and only name a row; everything else stands here, where every build compiles it
//! and every test run feeds each target its seeds. Targets walk the registries, so that a new protocol or export
//! format is fuzzed without a word here.

mod capture;
mod dissect;
mod filter;
mod flowwire;
mod having;
mod joy;
mod meter;
mod nfdump;
mod packet;
mod pieces;
mod recordings;
mod syslog;

use std::path::Path;

/// Something that reads octets from outside.
pub struct Target {
    /// Name, of the program under `fuzz/fuzz_targets/` too.
    pub name: &'static str,
    /// Reads the octets. It panics where something that must hold does not.
    pub run: fn(&[u8]),
    /// Inputs to start from, made from the registries and from the recordings under the given root of the repository.
    pub seeds: fn(&Path) -> anyhow::Result<Vec<Vec<u8>>>,
}

/// Every target.
pub static TARGETS: &[&Target] = &[
    &capture::TARGET,
    &dissect::TARGET,
    &filter::TARGET,
    &flowwire::TARGET,
    &flowwire::NETFLOW1,
    &flowwire::NETFLOW5,
    &flowwire::NETFLOW7,
    &flowwire::NETFLOW9,
    &flowwire::IPFIX,
    &flowwire::SFLOW,
    &having::TARGET,
    &joy::TARGET,
    &meter::TARGET,
    &nfdump::TARGET,
    &packet::TARGET,
    &syslog::TARGET,
];

/// Runs the target of that name; a name that is not in the table is a fault of the program that asks.
pub fn run(name: &str, octets: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    assert!(target.is_some(), "no target has the name {name}");
    if let Some(target) = target {
        (target.run)(octets);
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    #[test]
    fn every_target_takes_its_seeds_and_their_prefixes() {
        for target in TARGETS {
            let seeds = (target.seeds)(&root()).expect("the recordings are in the repository");
            assert!(!seeds.is_empty(), "{} has no seeds", target.name);
            for seed in seeds {
                (target.run)(&seed);
                (target.run)(seed.get(..seed.len() / 2).unwrap_or_default());
            }
            (target.run)(&[]);
        }
    }

    #[test]
    fn every_target_has_its_program() {
        let manifest = std::fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("in the repository");
        for target in TARGETS {
            let path = format!("fuzz_targets/{}.rs", target.name);
            assert!(manifest.contains(&format!("path = \"{path}\"")), "fuzz/Cargo.toml does not name {path}");
            let program = std::fs::read_to_string(root().join("fuzz").join(&path)).expect("the program");
            assert!(program.contains(&format!("run({:?}, octets)", target.name)), "{path} runs another target");
        }
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    }
}
