// SPDX-License-Identifier: Apache-2.0
//! What people define: profiles, named sets of addresses, ports and applications, tags, each **versioned in time**. A question
//! about last month can be answered with the definitions that were in force last month ("as known then") or
//! with those of today ("as known now").
//!
//! [`Definitions`] keeps the versions and knows nothing of what they say. [`Profiles`] knows what profiles mean:
//! which filter a channel stands for at which minute. [`NamedSets`] knows what `@guests` and `tag guest-upload` in a filter stand for. None of
//! them knows flows.

mod definitions;
mod history;
mod imports;
mod notices;
mod profiles;
mod rules;
mod sets;
mod suppressions;
mod triage;
mod versions;

pub use definitions::{Definition, Definitions, Kind, StateError};
pub use history::{Deed, Happened, History, MAX_HISTORY};
pub use imports::{Import, Imports};
pub use notices::{MAX_NOTICES, Notices};
pub use profiles::{
    ALL, AsKnown, ChannelDef, LIVE, Line, MAX_CHANNELS, MAX_DEPTH, MAX_PROFILES, Part, Profile, ProfileError,
    ProfileVersion, Profiles, RollupFilters,
};
pub use rules::{KeptRule, MAX_OWN_RULES, MAX_RULE_TEXT, OwnRules};
pub use sets::{
    Called, MAX_MEMBERS, MAX_SETS, MAX_TAGS, NamedSets, SetBody, SetDefinition, SetFault, SetsWith, TagBody,
    TagDefinition,
};
pub use suppressions::{MAX_SUPPRESSIONS, StoredSuppression, Suppressions};
pub use triage::{Comment, MAX_COMMENTS, Standing, Triage, Triages};
