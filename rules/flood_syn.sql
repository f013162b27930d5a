+++
title = { en = "SYN flood", ja = "SYN フラッド" }
question = { en = "Is a service covered with connections that nobody completes?", ja = "サービスが、完了しない接続要求で埋め尽くされていないか。" }
severity = "high"
attack = ["T1499.001", "T1498.001"]
window = "10s"
every = "2s"
one_sided = true
key = ["dst_ip", "dst_port"]
text = { en = "{dst_ip} got {packets} SYN packets for port {dst_port} within ten seconds from {sources} address(es) that never went on; {completed} connections were completed.", ja = "{dst_ip} のポート {dst_port} に 10 秒間で {sources} 個のアドレスから {packets} 個の SYN が届き、接続は完了しませんでした（完了 {completed} 件）。" }
filter = "dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.packets]
default = 2000
reason = { en = "Two hundred a second: a server that is down gets its clients' retries at a few a second each.", ja = "毎秒 200 個。停止したサーバーに届く再試行はクライアントごとに毎秒数個まで。" }

[parameters.share]
default = 80
reason = { en = "Per cent of conversations that are never completed: of real clients nearly all complete.", ja = "完了しない接続の割合（％）。実際のクライアントはほぼすべて完了する。" }

[[benign]]
en = "A load test."
ja = "負荷試験。"

[[benign]]
en = "A popular service that has just gone down, whose many clients try again."
ja = "停止した直後の人気サービスへの、多数のクライアントの再試行。"
+++
-- A half-open conversation is one whose opener sent SYN and never ACK. Packets are scaled by the sampling rate. What was
-- completed and who the sources are is asked where there is a flood only: on most networks that is nowhere.
WITH flooded AS (
    SELECT $window AS window_start, dst_ip, dst_port, COUNT(*) AS half_open,
           CAST(SUM(src_packets * COALESCE(sampling_rate, 1)) AS BIGINT) AS packets
    FROM flows
    WHERE $range AND proto = 6 AND src_packets > 0 AND tcp_src_flags & 18 = 2 AND duplicate_of IS NULL
    GROUP BY $window, dst_ip, dst_port
    HAVING SUM(src_packets * COALESCE(sampling_rate, 1)) >= $packets
),
opened AS (
    SELECT $window AS window_start, time_start, time_end, src_ip, dst_ip, dst_port, tcp_src_flags & 18 = 2 AS half
    FROM flows
    WHERE $range AND proto = 6 AND src_packets > 0 AND tcp_src_flags & 2 = 2 AND duplicate_of IS NULL
)
SELECT f.window_start, MIN(o.time_start) AS flow_first, MAX(o.time_end) AS flow_last, f.dst_ip, f.dst_port, f.packets, COUNT(*) FILTER (WHERE NOT o.half) AS completed,
       COUNT(DISTINCT o.src_ip) FILTER (WHERE o.half) AS sources
FROM flooded AS f
JOIN opened AS o ON f.window_start = o.window_start AND f.dst_ip = o.dst_ip AND f.dst_port = o.dst_port
GROUP BY f.window_start, f.dst_ip, f.dst_port, f.packets, f.half_open
HAVING f.half_open * 100 >= COUNT(*) * $share
