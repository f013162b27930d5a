// SPDX-License-Identifier: Apache-2.0

/** What a rule of one's own begins with. */
export const DRAFT = `+++
title = { en = "Many peers", ja = "通信相手が多数" }
question = { en = "Who talks to many hosts?", ja = "多数のホストと通信しているのは誰か。" }
severity = "low"
attack = ["T1046"]
window = "1m"
every = "30s"
text = { en = "{src_ip} talked to {peers} hosts.", ja = "{src_ip} が {peers} 台と通信しました。" }
filter = "src_ip = {src_ip}"

[parameters.peers]
default = 100
reason = { en = "…", ja = "…" }

[[benign]]
en = "…"
ja = "…"
+++
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS peers
FROM flows WHERE $range
GROUP BY 1, src_ip HAVING COUNT(DISTINCT dst_ip) > $peers
`;
