+++
title = { en = "Slow scan", ja = "低速スキャン" }
question = { en = "Does one address knock at many doors so slowly that no single minute shows it?", ja = "1 つのアドレスが、1 分ごとには目立たないほどゆっくりと多数の宛先を試していないか。" }
severity = "medium"
attack = ["T1046", "T1018"]
window = "1h"
every = "5m"
text = { en = "{src_ip} tried {targets} ports or hosts in vain, spread over {minutes} minutes of the hour.", ja = "{src_ip} が 1 時間のうち {minutes} 分に分けて {targets} 個の宛先（ホストとポート）を試し、応答を得られませんでした。" }
filter = "src_ip = {src_ip} and (proto = tcp or proto = udp)"

[parameters.targets]
default = 60
reason = { en = "A program with one dead server in its settings tries a handful of targets an hour; sixty different ones that all refuse or say nothing are a list being worked through.", ja = "設定に停止中のサーバーがあるプログラムでも 1 時間に試す宛先は数個。60 個の異なる宛先がすべて無応答または拒否なら、一覧を順に試している。" }

[parameters.minutes]
default = 5
reason = { en = "What happens within a few minutes is found by the rules over one minute.", ja = "数分以内に起きたものは 1 分間のルールで見つかる。" }

[parameters.share]
default = 80
reason = { en = "A host that works gets an answer from most of those it asks; a scanner does not. Per cent of its targets.", ja = "通常のホストは大半の相手から応答を得る。スキャナーは得られない。宛先に占める割合（％）。" }

[[benign]]
en = "A host whose network was cut off, whose programs go on trying."
ja = "ネットワークから切り離され、プログラムが接続を試み続けるホスト。"

[[benign]]
en = "An inventory or monitoring tool with a long list of retired hosts."
ja = "廃止したホストを多数登録したままの資産管理・監視ツール。"
+++
-- A target is a host and a port that gave nothing back, or a reset, in the whole hour; systems send a SYN up to seven times. The minute of the first try tells how spread they are.
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
SELECT window_start, src_ip,
       COUNT(*) FILTER (WHERE failed) AS targets,
       COUNT(DISTINCT date_bin(INTERVAL '1 minute', first_try)) FILTER (WHERE failed) AS minutes
FROM (
    SELECT t.window_start, t.src_ip, t.dst_ip, t.dst_port, t.proto, MIN(t.time_start) AS first_try, BOOL_AND(t.failed) AS failed
    FROM tries AS t
    JOIN some AS s ON t.source = s.source
    GROUP BY t.window_start, t.src_ip, t.dst_ip, t.dst_port, t.proto
) AS tried
GROUP BY window_start, src_ip
HAVING COUNT(*) FILTER (WHERE failed) > $targets
   AND COUNT(DISTINCT date_bin(INTERVAL '1 minute', first_try)) FILTER (WHERE failed) >= $minutes
   AND COUNT(*) FILTER (WHERE failed) * 100 >= COUNT(*) * $share
