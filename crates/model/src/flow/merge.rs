// SPDX-License-Identifier: Apache-2.0
//! What the pairing stage says of a row: which two records it was made of, and whether another exporter's record of
//! the same flow counts in its place. Filled by `minamo-pair`.

use minamo_base::{Ip, Time};
use minamo_schema::table;

table! {
    /// The records behind a row.
    pub struct Merge, group "merge", prefix "" {
        /// Records of exporters that the row was made of: 2 where two one-sided records were paired; absent where the
        /// row is a record as it came.
        record_count: Option<u8>, "行のもとになったエクスポーターのレコード数。片方向の 2 レコードを対にした行は 2、届いたままの行では無し", Counter, None, Derived, Plain, [Own(89)];
        /// First packet in the record of the initiator's packets, where two records were paired.
        record_src_start: Option<Time>, "対にした行で、開始側のパケットのレコードにある最初のパケットの時刻", Instant, None, Derived, Plain, [Own(90)], mirror record_dst_start;
        /// Last packet in the record of the initiator's packets, where two records were paired.
        record_src_end: Option<Time>, "対にした行で、開始側のパケットのレコードにある最後のパケットの時刻", Instant, None, Derived, Plain, [Own(91)], mirror record_dst_end;
        /// First packet in the record of the responder's packets, where two records were paired.
        record_dst_start: Option<Time>, "対にした行で、応答側のパケットのレコードにある最初のパケットの時刻", Instant, None, Derived, Plain, [Own(92)], mirror record_src_start;
        /// Last packet in the record of the responder's packets, where two records were paired.
        record_dst_end: Option<Time>, "対にした行で、応答側のパケットのレコードにある最後のパケットの時刻", Instant, None, Derived, Plain, [Own(93)], mirror record_src_end;
        /// What the record of the responder's packets says otherwise than the row, as `column=value` with the columns as
        /// that record has them: its own next hop, interfaces where they differ, its exporter.
        record_dst_differs: Option<Vec<String>>, "応答側のパケットのレコードが行と異なる値を持つ列（列=値。そのレコード自身の向きで表す）", Fact, None, Derived, Address, [Own(94)];
        /// The exporter whose record of the same flow counts; absent where this row counts. Totals leave rows with it
        /// out unless the filter asks for this column.
        duplicate_of: Option<Ip>, "同じフローについて集計の対象となるレコードのエクスポーター。この行自体が対象なら無し。フィルターがこの列に触れない限り、合計はこの列のある行を除く", Key, None, Derived, Address, [Own(95)];
    }
}
