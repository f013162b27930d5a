+++
title = { en = "Tunnel in ping", ja = "ping を使ったトンネル" }
question = { en = "Do echo answers differ from their requests, as they do when ping carries data?", ja = "データを運ぶ ping のように、エコー応答が要求と異なっていないか。" }
severity = "medium"
attack = ["T1095", "T1572"]
window = "10m"
every = "5m"
text = { en = "{src_ip} and {dst_ip} exchanged {packets} echo messages within ten minutes; requests have {sent} octets on average and answers {received}.", ja = "{src_ip} と {dst_ip} が 10 分間に {packets} 個のエコーを交換しました。要求は平均 {sent} オクテット、応答は平均 {received} オクテットです。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and (proto = icmp or proto = 58)"

[parameters.packets]
default = 40
reason = { en = "Enough that a lost packet does not matter.", ja = "1 パケットの欠落が影響しない数。" }

[parameters.differs]
default = 15
reason = { en = "An answer repeats its request octet by octet (RFC 792, RFC 4443), so that the averages are equal; per cent by which they differ.", ja = "応答は要求をそのまま返すため（RFC 792、RFC 4443）平均は等しい。その差（％）。" }

[[benign]]
en = "A path on which large packets are lost in one direction."
ja = "片方向だけ大きなパケットが失われる経路。"
+++
-- Averages of what each side sent in the echo conversations of a pair; some answers must have come.
SELECT $window AS window_start, src_ip, dst_ip, proto, SUM(src_packets + dst_packets) AS packets,
       CAST(SUM(src_bytes) / SUM(src_packets) AS BIGINT) AS sent, CAST(SUM(dst_bytes) / SUM(dst_packets) AS BIGINT) AS received
FROM flows
WHERE $range AND ((proto = 1 AND icmp_kind IN (0, 8)) OR (proto = 58 AND icmp_kind IN (128, 129))) AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, proto
HAVING SUM(src_packets) >= 10 AND SUM(dst_packets) >= 10 AND SUM(src_packets + dst_packets) >= $packets
   AND ABS(CAST(SUM(src_bytes) AS DOUBLE) / SUM(src_packets) - CAST(SUM(dst_bytes) AS DOUBLE) / SUM(dst_packets)) * 100
       > $differs * GREATEST(CAST(SUM(src_bytes) AS DOUBLE) / SUM(src_packets), CAST(SUM(dst_bytes) AS DOUBLE) / SUM(dst_packets))
