// SPDX-License-Identifier: Apache-2.0
//! Encrypted traffic analytics: what a session tells without being decrypted. Features, a classifier of boosted trees with
//! calibrated probabilities and explanations, its training, its evaluation over corpora that it did not see, evasion, and
//! signed model files. Sans-I/O: files are read and written by the program.

pub mod bundle;
pub mod calibrate;
pub mod card;
pub mod certta;
mod clear;
pub mod dataset;
pub mod drift;
pub mod evade;
pub mod evaluate;
mod exchange;
pub mod explain;
pub mod features;
pub mod forest;
pub mod joy;
pub mod judge;
pub mod learn;
pub mod measure;
pub mod metrics;
pub mod model;
mod names;
pub mod pairs;
mod path;
pub mod random;
pub mod seen;
pub mod simulate;
pub mod train;
pub mod trees;
pub mod tunnel;
