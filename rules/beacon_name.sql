+++
title = { en = "Beacon by name", ja = "名前によるビーコン" }
question = { en = "Does a host call one name, at several addresses, again and again at the same pace, with messages of the same size?", ja = "ホストが複数のアドレスを持つ 1 つの名前へ、一定の間隔と同じ大きさで繰り返し接続していないか。" }
severity = "medium"
attack = ["T1071", "T1029"]
window = "24h"
every = "15m"
key = ["src_ip", "name"]
text = { en = "{src_ip} called {name} at {addresses} addresses ({app}) {connections} times, every {interval} s, with {octets} octets each: score {score} of 100 (intervals {intervals_score}, sizes {sizes_score}, coverage {coverage_score}, evenness {histogram_score}).", ja = "{src_ip} が {addresses} 個のアドレスにある {name}（{app}）へ {interval} 秒ごとに {octets} オクテットずつ {connections} 回接続しました。スコア {score}/100（間隔 {intervals_score}、大きさ {sizes_score}、継続 {coverage_score}、均等さ {histogram_score}）。" }
filter = "src_ip = {src_ip} and (tls_sni = \"{name}\" or http_host = \"{name}\" or dst_name = \"{name}\")"

[parameters.connections]
default = 12
reason = { en = "One every two hours: the slowest that a day can show.", ja = "2 時間に 1 回。1 日で確認できる最も遅い間隔。" }

[parameters.score]
default = 80
reason = { en = "The step called high in published practice (50, 70, 90) lies between: programs that people use score 60 at most, beacons with a third of jitter 80 and more.", ja = "公開された実務の段階（50・70・90）の間。人が使うプログラムは最大 60 程度、3 割のゆらぎがあるビーコンでも 80 以上となる。" }

[parameters.peers]
default = 10
reason = { en = "A name that so many hosts of ours call is a service of everyday, such as updates or time.", ja = "これほど多くの内部ホストが接続する名前は、更新や時刻同期などの日常的なサービス。" }

[[benign]]
en = "Software that asks for updates, mail or news at a fixed pace."
ja = "一定の間隔で更新・メール・ニュースを確認するソフトウェア。"

[[benign]]
en = "Monitoring, keep-alives, devices that report to their maker."
ja = "監視、キープアライブ、メーカーへ報告する機器。"
+++
-- As beacon, by the name that was asked for, where it lies at more than one address. The mean of four scores from 0 to 100: intervals (median absolute deviation against the median, and skew of the quartiles),
-- sizes of what was sent likewise, share of the window that is covered, and evenness of an eight-part histogram. A part that the
-- active timeout cut is no connection: TCP begins with SYN where flags are known, other parts follow after two seconds and more.
WITH outward AS (
    SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, proto, time_start, time_end, src_bytes, app, tcp_src_flags,
           COALESCE(tls_sni, http_host, dst_name) AS name
    FROM flows
    WHERE $range AND proto IN (6, 17) AND src_packets > 0 AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
      AND $part.to_outside
      AND split_part(COALESCE(app, ''), '.', 1) NOT IN ('NTP', 'DNS', 'STUN')
),
-- Most hosts ask for no name often enough: only the others are looked at in their order.
many AS MATERIALIZED (
    SELECT window_start, src_ip, name FROM outward WHERE name IS NOT NULL GROUP BY window_start, src_ip, name HAVING COUNT(*) >= $connections
),
calls AS MATERIALIZED (
    SELECT window_start, src_ip, dst_ip, at, src_bytes, app, name
    FROM (
        SELECT o.window_start, o.src_ip, o.dst_ip, o.dst_port, o.proto, CAST(o.time_start AS BIGINT) / 1000000000 AS at, o.src_bytes, o.app,
               o.name, o.tcp_src_flags, CAST(o.time_start AS BIGINT) - LAG(CAST(o.time_end AS BIGINT)) OVER same AS pause
        FROM outward AS o
        JOIN (SELECT DISTINCT window_start, src_ip FROM many) AS m ON o.window_start = m.window_start AND o.src_ip = m.src_ip
        WINDOW same AS (PARTITION BY o.window_start, o.src_ip, o.src_port, o.dst_ip, o.dst_port, o.proto ORDER BY o.time_start)
    ) AS parts
    WHERE name IS NOT NULL AND CASE WHEN proto = 6 AND tcp_src_flags > 0 THEN tcp_src_flags & 2 = 2 ELSE COALESCE(pause, 2000000000) >= 2000000000 END
),
pairs AS MATERIALIZED (
    SELECT window_start, src_ip, name, COUNT(*) AS connections, MIN(at) AS first_at, MAX(at) AS last_at,
           COALESCE(MAX(app), 'Unknown') AS app, COUNT(DISTINCT dst_ip) AS addresses
    FROM calls
    GROUP BY window_start, src_ip, name
    HAVING COUNT(*) >= $connections AND COUNT(DISTINCT dst_ip) > 1
),
popular AS (
    SELECT o.window_start, o.name, COUNT(DISTINCT o.src_ip) AS clients
    FROM outward AS o
    JOIN (SELECT DISTINCT window_start, name FROM many) AS m ON o.window_start = m.window_start AND o.name = m.name
    GROUP BY o.window_start, o.name
),
spaced AS MATERIALIZED (
    SELECT c.window_start, c.src_ip, c.name, c.src_bytes,
           CAST(c.at - LAG(c.at) OVER (PARTITION BY c.window_start, c.src_ip, c.name ORDER BY c.at) AS DOUBLE) AS pause,
           LEAST(CAST((c.at - p.first_at) * 8 / GREATEST(p.last_at - p.first_at, 1) AS BIGINT), 7) AS bin
    FROM calls AS c
    JOIN pairs AS p ON c.window_start = p.window_start AND c.src_ip = p.src_ip AND c.name = p.name
),
middles AS MATERIALIZED (
    SELECT window_start, src_ip, name,
           approx_percentile_cont(pause, 0.25) AS pause_low, approx_percentile_cont(pause, 0.5) AS pause_middle, approx_percentile_cont(pause, 0.75) AS pause_high,
           approx_percentile_cont(CAST(src_bytes AS DOUBLE), 0.25) AS size_low, approx_percentile_cont(CAST(src_bytes AS DOUBLE), 0.5) AS size_middle,
           approx_percentile_cont(CAST(src_bytes AS DOUBLE), 0.75) AS size_high
    FROM spaced
    GROUP BY window_start, src_ip, name
),
spread AS (
    SELECT s.window_start, s.src_ip, s.name,
           approx_percentile_cont(ABS(s.pause - m.pause_middle), 0.5) AS pause_deviation,
           approx_percentile_cont(ABS(CAST(s.src_bytes AS DOUBLE) - m.size_middle), 0.5) AS size_deviation
    FROM spaced AS s
    JOIN middles AS m ON s.window_start = m.window_start AND s.src_ip = m.src_ip AND s.name = m.name
    GROUP BY s.window_start, s.src_ip, s.name
),
even AS (
    SELECT window_start, src_ip, name,
           GREATEST(1 - SQRT(GREATEST(SUM(n * n) / 8.0 - POWER(SUM(n) / 8.0, 2), 0)) / (SUM(n) / 8.0), 0) AS evenness
    FROM (
        SELECT window_start, src_ip, name, bin, CAST(COUNT(*) AS DOUBLE) AS n
        FROM spaced
        GROUP BY window_start, src_ip, name, bin
    ) AS histogram
    GROUP BY window_start, src_ip, name
),
scores AS (
    SELECT p.window_start, p.src_ip, p.name, p.app, p.addresses, p.connections, m.pause_middle, m.size_middle,
           (GREATEST(1 - d.pause_deviation / GREATEST(m.pause_middle, 1), 0)
               + CASE WHEN m.pause_high - m.pause_low < m.pause_middle / 50 THEN 1
                      ELSE 1 - ABS(m.pause_high + m.pause_low - 2 * m.pause_middle) / GREATEST(m.pause_high - m.pause_low, 1) END) / 2 AS intervals,
           (GREATEST(1 - d.size_deviation / GREATEST(m.size_middle, 1), 0)
               + CASE WHEN m.size_high - m.size_low < m.size_middle / 50 THEN 1
                      ELSE 1 - ABS(m.size_high + m.size_low - 2 * m.size_middle) / GREATEST(m.size_high - m.size_low, 1) END) / 2 AS sizes,
           LEAST((p.last_at - p.first_at) / 86400.0 * 4 / 3, 1) AS coverage, e.evenness
    FROM pairs AS p
    JOIN middles AS m ON p.window_start = m.window_start AND p.src_ip = m.src_ip AND p.name = m.name
    JOIN spread AS d ON p.window_start = d.window_start AND p.src_ip = d.src_ip AND p.name = d.name
    JOIN even AS e ON p.window_start = e.window_start AND p.src_ip = e.src_ip AND p.name = e.name
    JOIN popular AS o ON p.window_start = o.window_start AND p.name = o.name
    WHERE m.pause_middle >= 5 AND o.clients < $peers
)
SELECT window_start, src_ip, name, addresses, app, connections, CAST(pause_middle AS BIGINT) AS interval, CAST(size_middle AS BIGINT) AS octets,
       CAST(ROUND(25 * (intervals + sizes + coverage + evenness)) AS BIGINT) AS score,
       CAST(ROUND(100 * intervals) AS BIGINT) AS intervals_score, CAST(ROUND(100 * sizes) AS BIGINT) AS sizes_score,
       CAST(ROUND(100 * coverage) AS BIGINT) AS coverage_score, CAST(ROUND(100 * evenness) AS BIGINT) AS histogram_score
FROM scores
WHERE 25 * (intervals + sizes + coverage + evenness) >= $score
