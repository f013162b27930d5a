+++
title = { en = "Worm that spreads", ja = "ワームの拡散" }
question = { en = "Was a host reached on a port by one that tries that port on many hosts, and does it now try the same port on many hosts itself?", ja = "あるポートを多数のホストで試すホストから、そのポートに接続されたホストが、今度は自ら同じポートを多数のホストで試していないか。" }
severity = "critical"
attack = ["T1210", "T1570"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_port"]
text = { en = "{src_ip} tries port {dst_port} on {hosts} hosts in vain since {began}; {before} did so before and reached it on that port.", ja = "{src_ip} が {began} から {hosts} 台のホストのポート {dst_port} を試し、応答を得られていません。それ以前に同じことをしていた {before} が、このポートに接続していました。" }
filter = "src_ip = {src_ip} and dst_port = {dst_port}"

[parameters.hosts]
default = 20
reason = { en = "A program with dead servers in its settings tries a handful on one port.", ja = "設定に停止サーバーを含むプログラムでも、1 つのポートで試すのは数台。" }

[[benign]]
en = "A scanner of ones own that is run from two machines, the first of which looks at the second."
ja = "2 台で動かす自組織のスキャナーで、1 台目が 2 台目も調べるもの。"
+++
-- Who fails on one port at many hosts within the hour is a scanner; one that was reached on that port (with an answer) by an earlier
-- scanner, before it began itself, has probably been taken over by it. Pairs of source and port are sorted out by one number first.
WITH tries AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, time_start, hash($window, src_ip, dst_port) AS source
    FROM flows
    WHERE $range AND proto = 6 AND src_packets BETWEEN 1 AND 10 AND duplicate_of IS NULL AND COALESCE(tcp_src_flags, 2) & 10 = 2
      AND (dst_packets = 0 OR (tcp_dst_flags & 6 = 4 AND dst_packets <= 10))
      AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
),
often AS MATERIALIZED (
    SELECT source FROM tries GROUP BY source HAVING COUNT(*) >= $hosts
),
scanners AS MATERIALIZED (
    SELECT t.window_start, t.src_ip, t.dst_port, COUNT(DISTINCT t.dst_ip) AS hosts, MIN(t.time_start) AS began
    FROM tries AS t
    JOIN often AS o ON t.source = o.source
    GROUP BY t.window_start, t.src_ip, t.dst_port
    HAVING COUNT(DISTINCT t.dst_ip) >= $hosts
)
SELECT s.window_start, s.src_ip, s.dst_port, s.hosts, s.began, MIN(ip_text(b.src_ip)) AS before
FROM scanners AS s
JOIN (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, time_start
    FROM flows
    WHERE $range AND proto = 6 AND dst_packets > 1 AND duplicate_of IS NULL AND (tcp_dst_flags IS NULL OR tcp_dst_flags & 2 = 2)
) AS reached ON reached.window_start = s.window_start AND reached.dst_ip = s.src_ip AND reached.dst_port = s.dst_port
JOIN scanners AS b ON b.window_start = s.window_start AND b.src_ip = reached.src_ip AND b.dst_port = s.dst_port
WHERE b.began < s.began AND reached.time_start < s.began
GROUP BY s.window_start, s.src_ip, s.dst_port, s.hosts, s.began
