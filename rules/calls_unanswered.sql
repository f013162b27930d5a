+++
title = { en = "Calls outside again and again without an answer", ja = "応答のない外部への反復接続" }
question = { en = "Does a host try the same address outside again and again, over a long time, though nobody ever answers?", ja = "ホストが、応答がないのに同じ外部アドレスへ長時間繰り返し接続を試みていないか。" }
severity = "low"
attack = ["T1571", "T1008"]
window = "1h"
every = "5m"
quiet = "6h"
text = { en = "{src_ip} tried {dst_ip} port {dst_port} in {slots} of twelve spans of five minutes ({connections} connections); nobody ever answered.", ja = "{src_ip} が {dst_ip} のポート {dst_port} へ 5 分区間 12 個中 {slots} 個で接続を試みました（{connections} 接続）。応答は一度もありません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.slots]
default = 9
reason = { en = "Of twelve: people give up, and programs of everyday wait longer and longer.", ja = "12 個中。人はあきらめ、日常のプログラムは間隔を延ばす。" }

[[benign]]
en = "A program whose server was moved or shut down."
ja = "サーバーが移転・停止したプログラム。"

[[benign]]
en = "A firewall of ours that drops it."
ja = "自組織のファイアウォールによる破棄。"
+++
-- Only connections without any answer are looked at: what answers sometimes is found by the beacons.
-- Pairs that try too seldom or for too short a time are sorted out by one number, which others can have by chance.
WITH tried AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, time_start, hash($window, src_ip, dst_ip, dst_port) AS target
    FROM flows
    WHERE $range AND proto = 6 AND dst_packets = 0 AND duplicate_of IS NULL AND COALESCE(ip_one_way, 'unanswered') = 'unanswered'
      AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
),
often AS MATERIALIZED (
    SELECT target
    FROM tried
    GROUP BY target
    HAVING COUNT(*) >= $slots AND CAST(MAX(time_start) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) >= ($slots - 2) * 300000000000
)
SELECT t.window_start, t.src_ip, t.dst_ip, t.dst_port, COUNT(*) AS connections, COUNT(DISTINCT date_bin(INTERVAL '5 minutes', t.time_start)) AS slots
FROM tried AS t
JOIN often AS o ON t.target = o.target
GROUP BY t.window_start, t.src_ip, t.dst_ip, t.dst_port
HAVING COUNT(DISTINCT date_bin(INTERVAL '5 minutes', t.time_start)) >= $slots
