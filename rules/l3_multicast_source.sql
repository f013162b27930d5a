+++
title = { en = "Multicast address as source", ja = "マルチキャストの送信元" }
question = { en = "Are there packets from an address that no host can have?", ja = "ホストが持ち得ないアドレスからのパケットがないか。" }
severity = "medium"
attack = ["T1498"]
window = "5m"
every = "30s"
key = ["src_ip"]
text = { en = "{packets} packets claim to come from {src_ip}, which no host can have.", ja = "ホストが持ち得ない {src_ip} を送信元とする {packets} 個のパケットがあります。" }
filter = "src_ip = {src_ip}"

[parameters.packets]
default = 3
reason = { en = "One or two may be damaged ones.", ja = "1〜2 個は破損の可能性がある。" }

[[benign]]
en = "An exporter that turns flows of multicast round."
ja = "マルチキャストのフローの向きを逆に報告するエクスポーター。"
+++
-- Sources in 224.0.0.0/4, 240.0.0.0/4 and ff00::/8 that sent packets themselves (RFC 1122 §3.2.1.3, RFC 4291 §2.7).
SELECT $window AS window_start, src_ip, CAST(SUM(src_packets) AS BIGINT) AS packets, COUNT(DISTINCT dst_ip) AS hosts
FROM flows
WHERE $range AND src_packets > 0 AND dst_packets = 0 AND (in_net(src_ip, '224.0.0.0/3') OR in_net(src_ip, 'ff00::/8'))
  AND l2_ethertype IS NULL
GROUP BY $window, src_ip
HAVING SUM(src_packets) >= $packets
