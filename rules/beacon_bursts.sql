+++
title = { en = "Beacon in bursts", ja = "まとめて通信するビーコン" }
question = { en = "Does a host call an outside address in bursts of some connections, again and again at the same pace?", ja = "ホストが外部アドレスへ、数回ずつまとめて一定の間隔で繰り返し接続していないか。" }
severity = "medium"
attack = ["T1071", "T1029"]
window = "4h"
every = "15m"
method = "pulse"
text = { en = "{src_ip} called {dst_ip} {name} (port {dst_port}) {connections} times in {pulses} bursts, every {interval} s, with {octets} octets each: score {score} of 100.", ja = "{src_ip} が {dst_ip} {name}（ポート {dst_port}）へ {interval} 秒ごとに {pulses} 回に分けて計 {connections} 回接続しました（1 回あたり {octets} オクテット）。スコア {score}/100。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.pulses]
default = 20
reason = { en = "Five an hour, as in the rule for single calls: with fewer, chance looks regular.", ja = "単独接続のルールと同じく 1 時間に 5 回。これより少ないと偶然でも規則的に見える。" }

[parameters.score]
default = 85
reason = { en = "Higher than for single calls (80): a page that loads itself anew calls in bursts, too, with sizes that change.", ja = "単独接続（80）より高い。自動更新されるページもまとめて接続するが、大きさが変わる。" }

[parameters.peers]
default = 10
reason = { en = "An address that so many hosts of ours call is a service of everyday, such as updates or time.", ja = "これほど多くの内部ホストが接続する宛先は、更新や時刻同期などの日常的なサービス。" }

[[benign]]
en = "A page or a dashboard that loads itself anew at a fixed pace."
ja = "一定の間隔で自動更新されるページやダッシュボード。"

[[benign]]
en = "Software that asks for updates, mail or news with some connections each time."
ja = "更新・メール・ニュースを毎回数接続で確認するソフトウェア。"
+++
-- The calls of pairs that have enough of them; the method joins those that lie close together and judges the bursts. A part
-- that the active timeout cut is no connection: it follows the part before at once.
WITH outward AS (
    SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, proto, time_start, time_end, src_bytes AS octets,
           COALESCE(tls_sni, http_host, dst_name, '') AS name, hash($window, src_ip, dst_ip, dst_port, proto) AS pair
    FROM flows
    WHERE $range AND proto IN (6, 17) AND src_packets > 0 AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
      AND $part.to_outside
      AND split_part(COALESCE(app, ''), '.', 1) NOT IN ('NTP', 'DNS', 'STUN')
),
-- Most pairs have too few parts to have enough calls: only the others are looked at in their order.
-- They are counted by one number, which a few others can have by chance. The score is the mean of four of at most 25 points each: pairs
-- that cover too little of the window cannot reach it, however even they are.
many AS MATERIALIZED (
    SELECT pair
    FROM outward
    GROUP BY pair
    HAVING COUNT(*) >= $pulses * 3 / 2
       AND CAST(MAX(time_start) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) + 2000000000 >= ($score / 25.0 - 3) * $span * 750000000
),
calls AS MATERIALIZED (
    SELECT window_start, src_ip, dst_ip, dst_port, proto, at, octets, name
    FROM (
        SELECT o.window_start, o.src_ip, o.dst_ip, o.dst_port, o.proto, o.time_start AS at, o.octets, o.name,
               CAST(o.time_start AS BIGINT) - LAG(CAST(o.time_end AS BIGINT)) OVER same AS pause
        FROM outward AS o
        JOIN many AS m ON o.pair = m.pair
        WINDOW same AS (PARTITION BY o.pair, o.src_port ORDER BY o.time_start)
    ) AS parts
    WHERE COALESCE(pause, 2000000000) >= 2000000000
),
pairs AS MATERIALIZED (
    SELECT window_start, src_ip, dst_ip, dst_port, proto
    FROM calls
    GROUP BY window_start, src_ip, dst_ip, dst_port, proto
    HAVING COUNT(*) >= $pulses * 3 / 2 AND COUNT(*) <= 20000
),
popular AS (
    SELECT o.window_start, o.dst_ip, COUNT(DISTINCT o.src_ip) AS clients
    FROM outward AS o
    JOIN (SELECT DISTINCT window_start, dst_ip FROM pairs) AS m ON o.window_start = m.window_start AND o.dst_ip = m.dst_ip
    GROUP BY o.window_start, o.dst_ip
)
SELECT c.window_start, c.src_ip, c.dst_ip, c.dst_port, c.proto, c.at, c.octets, c.name
FROM calls AS c
JOIN pairs AS p ON c.window_start = p.window_start AND c.src_ip = p.src_ip AND c.dst_ip = p.dst_ip AND c.dst_port = p.dst_port AND c.proto = p.proto
JOIN popular AS o ON c.window_start = o.window_start AND c.dst_ip = o.dst_ip
WHERE o.clients < $peers
