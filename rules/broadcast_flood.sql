+++
title = { en = "Flood of broadcasts", ja = "ブロードキャストのフラッド" }
question = { en = "Does a host cover its network with broadcasts?", ja = "ホストがネットワークをブロードキャストで埋め尽くしていないか。" }
severity = "medium"
attack = ["T1498"]
window = "1m"
every = "30s"
key = ["src_ip"]
text = { en = "{src_ip} sent {packets} broadcast or link-local multicast packets within a minute.", ja = "{src_ip} が 1 分間に {packets} 個のブロードキャスト（リンクローカルマルチキャストを含む）を送りました。" }
filter = "src_ip = {src_ip}"

[parameters.packets]
default = 6000
reason = { en = "A hundred a second from one host; whole networks are quieter.", ja = "1 台で毎秒 100 個。ネットワーク全体でもこれより静か。" }

[[benign]]
en = "A loop in the network, an old program that spreads data by broadcast."
ja = "ネットワークのループ、ブロードキャストで配信する古いプログラム。"
+++
-- 255.255.255.255, 224.0.0.0/24, ff02::/16 and ARP; streams of pictures use other groups and do not count.
SELECT $window AS window_start, src_ip,
       CAST(SUM(src_packets * COALESCE(sampling_rate, 1) / GREATEST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 60000000000.0, 1.0)) AS BIGINT) AS packets
FROM flows
WHERE $range AND (dst_ip = '255.255.255.255' OR in_net(dst_ip, '224.0.0.0/24') OR in_net(dst_ip, 'ff02::/16') OR l2_ethertype = 2054)
  AND duplicate_of IS NULL
GROUP BY $window, src_ip
HAVING SUM(src_packets * COALESCE(sampling_rate, 1) / GREATEST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 60000000000.0, 1.0)) >= $packets
