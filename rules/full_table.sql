+++
title = { en = "Flow table full", ja = "フローテーブルの枯渇" }
question = { en = "Did a probe have to report flows early because there were too many, as in a flood of connections?", ja = "フローが多すぎて、プローブが途中のフローを早めに報告していないか（接続の洪水など）。" }
severity = "medium"
attack = ["T1498", "T1499"]
window = "1m"
text = { en = "The probe had to report {flows} flows early within a minute: counters of that time are in pieces. {attempts} of them were connections without an answer, to {targets} host(s).", ja = "プローブが 1 分間に {flows} 件のフローを途中で報告しました（この間の集計は分割されています）。そのうち {attempts} 件は {targets} 台のホストへの応答のない接続です。" }
filter = "end_reason = evicted and source = probe"

[parameters.flows]
default = 1000
reason = { en = "A table that is a little too small evicts a few flows in a busy minute; a flood evicts as many as it opens, thousands a second.", ja = "テーブルがわずかに小さいだけなら、混雑した 1 分間に数件が追い出される程度。洪水では開かれた数だけ、毎秒数千件が追い出される。" }

[[benign]]
en = "A table that is too small for the network: raise meter.max_flows."
ja = "ネットワークに対してテーブルが小さすぎる（meter.max_flows を増やす）。"

[[benign]]
en = "A load test, or a scanner that is allowed to do this."
ja = "負荷試験、または許可されたスキャナー。"
+++
-- Rows that the probe reported early. An attempt is TCP of which only SYNs were seen.
SELECT $window AS window_start,
       COUNT(*) AS flows,
       SUM(CASE WHEN tcp_src_flags = 2 AND dst_packets = 0 THEN 1 ELSE 0 END) AS attempts,
       COUNT(DISTINCT dst_ip) AS targets
FROM flows
WHERE $range AND end_reason = 'evicted' AND source = 'probe'
GROUP BY $window
HAVING COUNT(*) > $flows
