+++
title = { en = "Shell in clear", ja = "平文のシェル" }
question = { en = "Does a connection begin with what a shell says, without a protocol of remote login round it?", ja = "リモートログインのプロトコルなしに、シェルの出力で始まる接続がないか。" }
severity = "high"
attack = ["T1059", "T1095", "T1571"]
window = "1h"
every = "5m"
text = { en = "A shell runs in clear between {src_ip} and {dst_ip} port {dst_port} for {seconds} s ({packets} packets).", ja = "{src_ip} と {dst_ip} のポート {dst_port} の間で、平文のシェルが {seconds} 秒間動いています（{packets} パケット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "A test of security that is allowed."
ja = "許可されたセキュリティ試験。"

[[benign]]
en = "A console of a device over a bare connection."
ja = "素の接続を使う機器のコンソール。"
+++
-- Both sides send: a file that begins like this does not make a shell of its transfer.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, SUM(src_packets + dst_packets) AS packets,
       CAST(MAX(CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 1000000000 AS BIGINT) AS seconds
FROM flows
WHERE $range AND app = 'Shell' AND (splt_lengths IS NULL OR array_min(splt_lengths) < 0 AND array_max(splt_lengths) > 0)
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
