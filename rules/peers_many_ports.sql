+++
title = { en = "Many partners on many ports", ja = "多数の相手と多数のポートでの通信" }
question = { en = "Does a host talk with many outside addresses on as many ports, as programs do that exchange among peers?", ja = "P2P プログラムのように、多数の外部アドレスと多数のポートで通信していないか。" }
severity = "low"
attack = ["T1090.003", "T1571"]
window = "10m"
every = "1m"
key = ["src_ip"]
text = { en = "{src_ip} talked with {peers} outside addresses on {ports} different ports within ten minutes, {megabytes} MB of unknown content.", ja = "{src_ip} が 10 分間に外部の {peers} 個のアドレスと {ports} 個のポートで通信しました（内容不明 {megabytes} MB）。" }
filter = "src_ip = {src_ip} and dst_port > 1023"

[parameters.peers]
default = 50
reason = { en = "Programs of people have some dozens of partners, on a handful of ports.", ja = "人が使うプログラムの相手は数十個、ポートは数個。" }

[parameters.ports]
default = 40
reason = { en = "Partners choose their port by chance where nobody is a server.", ja = "サーバーのない通信では相手のポートは無作為。" }

[[benign]]
en = "Games and calls with pictures that connect their users directly."
ja = "利用者同士を直接つなぐゲームやビデオ通話。"
+++
-- Answered conversations with ports above 1023 whose content was not recognised: what is recognised has rules of its own. Hosts with too
-- few of them are sorted out first, by one number that others can have by chance.
WITH answered AS (
    SELECT $window AS window_start, time_start, time_end, src_ip, dst_ip, dst_port, src_bytes, dst_bytes, hash($window, src_ip) AS source
    FROM flows
    WHERE $range AND proto IN (6, 17) AND dst_port > 1023 AND dst_packets > 0 AND src_packets > 0 AND COALESCE(app, 'Unknown') = 'Unknown' AND duplicate_of IS NULL
      AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
),
some AS MATERIALIZED (
    SELECT source FROM answered GROUP BY source HAVING COUNT(*) >= $peers
)
SELECT a.window_start, MIN(a.time_start) AS flow_first, MAX(a.time_end) AS flow_last, a.src_ip, COUNT(DISTINCT a.dst_ip) AS peers, COUNT(DISTINCT a.dst_port) AS ports,
       CAST(SUM(a.src_bytes + a.dst_bytes) / 1000000 AS BIGINT) AS megabytes
FROM answered AS a
JOIN some AS s ON a.source = s.source
GROUP BY a.window_start, a.src_ip
HAVING COUNT(DISTINCT a.dst_ip) >= $peers AND COUNT(DISTINCT a.dst_port) >= $ports
