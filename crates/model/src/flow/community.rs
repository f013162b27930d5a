// SPDX-License-Identifier: Apache-2.0
//! The community id as a column. No row carries it from where it was observed: it follows from the row, and is put
//! together where somebody asks for it ([`crate::community_ids`]).

use minamo_schema::table;

table! {
    /// Identity of the conversation that other programs compute too.
    pub struct Community, group "community", prefix "community_" {
        /// Community id, version 1 (`1:` and the base64 of a hash of endpoints and protocol), as Zeek, Suricata and Arkime
        /// write it; the same for both directions and for every part of a conversation. Computed when it is asked for.
        id: Option<String>, "コミュニティ ID バージョン 1（Zeek・Suricata・Arkime と共通。両方向・分割された行で同じ値。参照時に計算）", Key, None, Derived, Plain, [];
    }
}
