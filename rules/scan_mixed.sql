+++
title = { en = "Scan of hosts and ports at once", ja = "ホストとポートを混ぜたスキャン" }
question = { en = "Does one address try many hosts on changing ports, as bots do that spread?", ja = "拡散するボットのように、1 つのアドレスがポートを変えながら多数のホストを試していないか。" }
severity = "high"
attack = ["T1046", "T1018"]
window = "1m"
every = "30s"
key = ["src_ip"]
text = { en = "{src_ip} tried {targets} pairs of host and port on {hosts} hosts within a minute in vain.", ja = "{src_ip} が 1 分間に {hosts} 台のホストで {targets} 組のホストとポートを試し、応答を得られませんでした。" }
filter = "src_ip = {src_ip} and (proto = tcp or proto = udp)"

[parameters.targets]
default = 60
reason = { en = "One a second, all in vain: a program with dead servers in its settings has a handful.", ja = "毎秒 1 個がすべて無応答。設定に停止サーバーを含むプログラムでも数個。" }

[parameters.hosts]
default = 40
reason = { en = "On fewer hosts it is a scan of ports.", ja = "これより少なければポートスキャン。" }

[parameters.share]
default = 80
reason = { en = "Per cent of its targets in the minute that gave no answer.", ja = "その 1 分間の宛先のうち応答のない割合（％）。" }

[[benign]]
en = "A peer-to-peer client that is not recognised as one, whose partners are gone."
ja = "認識されていない P2P クライアントで、相手がいなくなったもの。"

[[benign]]
en = "A host whose network was cut off."
ja = "ネットワークから切り離されたホスト。"
+++
-- As scan_slow, within a minute: what is spread over so many hosts that no port, and over so many ports that no host, stands out.
-- Sources of which too little failed are sorted out first, by one number that others can have by chance.
WITH tries AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, time_start, hash($window, src_ip) AS source,
           CASE WHEN proto = 17 THEN src_packets <= 3 AND dst_packets = 0
                    ELSE src_packets <= 10 AND COALESCE(tcp_src_flags, 2) & 8 = 0
                        AND (dst_packets = 0 OR (tcp_dst_flags & 4 = 4 AND dst_packets <= 10)) END AS failed
    FROM flows
    WHERE $range AND proto IN (6, 17) AND src_packets > 0 AND COALESCE(app, '') NOT LIKE 'BitTorrent%'
      AND (proto = 17 OR COALESCE(tcp_src_flags, 2) & 2 = 2)
      AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
),
some AS MATERIALIZED (
    SELECT source FROM tries WHERE failed GROUP BY source HAVING COUNT(*) > $targets
)
SELECT window_start, src_ip, COUNT(*) FILTER (WHERE failed) AS targets, COUNT(DISTINCT dst_ip) FILTER (WHERE failed) AS hosts
FROM (
    SELECT t.window_start, t.src_ip, t.dst_ip, t.dst_port, t.proto, BOOL_AND(t.failed) AS failed
    FROM tries AS t
    JOIN some AS s ON t.source = s.source
    GROUP BY t.window_start, t.src_ip, t.dst_ip, t.dst_port, t.proto
) AS tried
GROUP BY window_start, src_ip
HAVING COUNT(*) FILTER (WHERE failed) > $targets AND COUNT(DISTINCT dst_ip) FILTER (WHERE failed) > $hosts
   AND COUNT(*) FILTER (WHERE failed) * 100 >= COUNT(*) * $share
