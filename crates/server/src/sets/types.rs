// SPDX-License-Identifier: Apache-2.0
//! Requests and answers about named sets and tags.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What the members of a set are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetOf {
    /// Addresses and networks.
    Addresses,
    /// Ports and ranges of them.
    Ports,
    /// Names, such as those of applications.
    Names,
}

/// A new set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetCreate {
    /// Name, without `@`: 1 to 256 octets.
    pub name: String,
    /// What its members are.
    pub of: SetOf,
    /// Its members as they are typed; `@other` is another set.
    pub members: Vec<String>,
    /// A remark for people.
    pub note: Option<String>,
    /// From when on it is in force; now where nothing is given, never later.
    pub valid_from: Option<String>,
}

/// A set as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetChange {
    /// All its members.
    pub members: Vec<String>,
    /// A remark for people.
    pub note: Option<String>,
    /// From when on that is in force; now where nothing is given, never later. What was in force before stays so for that
    /// time.
    pub valid_from: Option<String>,
}

/// A new tag.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagCreate {
    /// Name: 1 to 256 octets.
    pub name: String,
    /// The filter that its flows pass; it may ask for sets and for other tags.
    pub filter: String,
    /// A remark for people.
    pub note: Option<String>,
    /// From when on it is in force; now where nothing is given, never later.
    pub valid_from: Option<String>,
}

/// A tag as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TagChange {
    /// The filter that its flows pass.
    pub filter: String,
    /// A remark for people.
    pub note: Option<String>,
    /// From when on that is in force; now where nothing is given, never later. What was in force before stays so for that
    /// time.
    pub valid_from: Option<String>,
}

/// Which sets or tags.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NamesParams {
    /// Those in force at this time; now where nothing is given.
    pub at: Option<String>,
}

/// When a set or a tag ends.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct NameDeleteParams {
    /// From when on it is no longer in force; now where nothing is given.
    pub valid_from: Option<String>,
}

/// One version of a set.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetInfo {
    /// Name, without `@`.
    pub name: String,
    /// What its members are.
    pub of: SetOf,
    /// Number of the version, from 1.
    pub version: u32,
    /// True where it is the end of the set: it then has no members.
    pub ended: bool,
    /// Its members.
    pub members: Vec<String>,
    /// A remark for people.
    #[schema(required)]
    pub note: Option<String>,
    /// From when on it is in force.
    pub valid_from: String,
    /// Until when it is in force; nothing where that is open. A version that ends as it begins never was.
    #[schema(required)]
    pub valid_to: Option<String>,
}

/// Sets.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetList {
    /// Those in force by name, or all versions of one, oldest first.
    pub sets: Vec<SetInfo>,
    /// Names of the networks and tags of the networks file, which are sets of addresses too and are changed there.
    pub networks: Vec<String>,
}

/// One version of a tag.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagInfo {
    /// Name.
    pub name: String,
    /// Number of the version, from 1.
    pub version: u32,
    /// The filter that its flows pass; nothing where it is the end of the tag.
    #[schema(required)]
    pub filter: Option<String>,
    /// A remark for people.
    #[schema(required)]
    pub note: Option<String>,
    /// From when on it is in force.
    pub valid_from: String,
    /// Until when it is in force; nothing where that is open. A version that ends as it begins never was.
    #[schema(required)]
    pub valid_to: Option<String>,
}

/// Tags.
#[derive(Debug, Serialize, ToSchema)]
pub struct TagList {
    /// Those in force by name, or all versions of one, oldest first.
    pub tags: Vec<TagInfo>,
}

/// The tags of a flow, by name.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowTags {
    /// By the tags of today.
    pub now: Vec<String>,
    /// By the tags that were in force when it started.
    pub then: Vec<String>,
}
