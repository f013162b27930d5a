+++
title = { en = "Beacon", ja = "ビーコン" }
question = { en = "Does a host call an outside address again and again at the same pace, with messages of the same size?", ja = "ホストが外部アドレスへ、一定の間隔と同じ大きさで繰り返し接続していないか。" }
severity = "medium"
attack = ["T1071", "T1029"]
window = "4h"
every = "15m"
text = { en = "{src_ip} called {dst_ip} {name} (port {dst_port}, {app}) {connections} times, every {interval} s, with {octets} octets each: score {score} of 100 (intervals {intervals_score}, sizes {sizes_score}, coverage {coverage_score}, evenness {histogram_score}).", ja = "{src_ip} が {dst_ip} {name}（ポート {dst_port}、{app}）へ {interval} 秒ごとに {octets} オクテットずつ {connections} 回接続しました。スコア {score}/100（間隔 {intervals_score}、大きさ {sizes_score}、継続 {coverage_score}、均等さ {histogram_score}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 20
reason = { en = "Five an hour: with fewer, chance looks regular; slower ones are found by the rule over a day.", ja = "1 時間に 5 回。これより少ないと偶然でも規則的に見える。遅いものは 1 日のルールで見つかる。" }

[parameters.score]
default = 80
reason = { en = "The step called high in published practice (50, 70, 90) lies between: programs that people use score 60 at most, beacons with a third of jitter 80 and more.", ja = "公開された実務の段階（50・70・90）の間。人が使うプログラムは最大 60 程度、3 割のゆらぎがあるビーコンでも 80 以上となる。" }

[parameters.peers]
default = 10
reason = { en = "An address that so many hosts of ours call is a service of everyday, such as updates or time.", ja = "これほど多くの内部ホストが接続する宛先は、更新や時刻同期などの日常的なサービス。" }

[parameters.pause]
default = 5
reason = { en = "Seconds between two connections; faster ones are found by beacon_fast.", ja = "2 回の接続の間の秒数。これより速いものは beacon_fast で見つかる。" }

[[benign]]
en = "Software that asks for updates, mail or news at a fixed pace."
ja = "一定の間隔で更新・メール・ニュースを確認するソフトウェア。"

[[benign]]
en = "Monitoring, keep-alives, devices that report to their maker."
ja = "監視、キープアライブ、メーカーへ報告する機器。"
+++
-- The mean of four scores from 0 to 100: intervals (median absolute deviation against the median, and skew of the quartiles; times in milliseconds),
-- sizes of what was sent likewise, share of the window that is covered, and evenness of an eight-part histogram. A part that the
-- active timeout cut is no connection: TCP begins with SYN where flags are known, other parts follow after two seconds and more.
WITH calls AS MATERIALIZED (
    SELECT window_start, src_ip, dst_ip, dst_port, proto, time_start, time_end, at, src_bytes, app, name
    FROM (
        SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, time_start, time_end, CAST(time_start AS BIGINT) / 1000000 AS at, src_bytes, app,
               name, tcp_src_flags, CAST(time_start AS BIGINT) - LAG(CAST(time_end AS BIGINT)) OVER same AS pause
        FROM $part.beacon_flows
        WHERE $range
        WINDOW same AS (PARTITION BY $window, pair, src_port ORDER BY time_start)
    ) AS parts
    WHERE CASE WHEN proto = 6 AND tcp_src_flags > 0 THEN tcp_src_flags & 2 = 2 ELSE COALESCE(pause, 2000000000) >= 2000000000 END
),
pairs AS MATERIALIZED (
    SELECT window_start, src_ip, dst_ip, dst_port, proto, COUNT(*) AS connections, MIN(at) AS first_at, MAX(at) AS last_at, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last,
           COALESCE(MAX(app), 'Unknown') AS app, COALESCE(MAX(name), '') AS name
    FROM calls
    GROUP BY window_start, src_ip, dst_ip, dst_port, proto
    HAVING COUNT(*) >= $connections
),
popular AS (
    SELECT o.window_start, o.dst_ip, COUNT(DISTINCT o.src_ip) AS clients
    FROM (SELECT $window AS window_start, src_ip, dst_ip FROM flows WHERE $range AND $part.beacon_traffic) AS o
    JOIN (SELECT DISTINCT window_start, dst_ip FROM pairs) AS m ON o.window_start = m.window_start AND o.dst_ip = m.dst_ip
    GROUP BY o.window_start, o.dst_ip
),
spaced AS MATERIALIZED (
    SELECT c.window_start, c.src_ip, c.dst_ip, c.dst_port, c.proto, c.src_bytes,
           CAST(c.at - LAG(c.at) OVER (PARTITION BY c.window_start, c.src_ip, c.dst_ip, c.dst_port, c.proto ORDER BY c.at) AS DOUBLE) / 1000 AS pause,
           LEAST(CAST((c.at - p.first_at) * 8 / GREATEST(p.last_at - p.first_at, 1) AS BIGINT), 7) AS bin
    FROM calls AS c
    JOIN pairs AS p ON c.window_start = p.window_start AND c.src_ip = p.src_ip AND c.dst_ip = p.dst_ip
        AND c.dst_port = p.dst_port AND c.proto = p.proto
),
middles AS MATERIALIZED (
    SELECT window_start, src_ip, dst_ip, dst_port, proto,
           approx_percentile_cont(pause, 0.25) AS pause_low, approx_percentile_cont(pause, 0.5) AS pause_middle, approx_percentile_cont(pause, 0.75) AS pause_high,
           approx_percentile_cont(CAST(src_bytes AS DOUBLE), 0.25) AS size_low, approx_percentile_cont(CAST(src_bytes AS DOUBLE), 0.5) AS size_middle,
           approx_percentile_cont(CAST(src_bytes AS DOUBLE), 0.75) AS size_high
    FROM spaced
    GROUP BY window_start, src_ip, dst_ip, dst_port, proto
),
spread AS (
    SELECT s.window_start, s.src_ip, s.dst_ip, s.dst_port, s.proto,
           approx_percentile_cont(ABS(s.pause - m.pause_middle), 0.5) AS pause_deviation,
           approx_percentile_cont(ABS(CAST(s.src_bytes AS DOUBLE) - m.size_middle), 0.5) AS size_deviation
    FROM spaced AS s
    JOIN middles AS m ON s.window_start = m.window_start AND s.src_ip = m.src_ip AND s.dst_ip = m.dst_ip
        AND s.dst_port = m.dst_port AND s.proto = m.proto
    GROUP BY s.window_start, s.src_ip, s.dst_ip, s.dst_port, s.proto
),
even AS (
    SELECT window_start, src_ip, dst_ip, dst_port, proto,
           GREATEST(1 - SQRT(GREATEST(SUM(n * n) / 8.0 - POWER(SUM(n) / 8.0, 2), 0)) / (SUM(n) / 8.0), 0) AS evenness
    FROM (
        SELECT window_start, src_ip, dst_ip, dst_port, proto, bin, CAST(COUNT(*) AS DOUBLE) AS n
        FROM spaced
        GROUP BY window_start, src_ip, dst_ip, dst_port, proto, bin
    ) AS histogram
    GROUP BY window_start, src_ip, dst_ip, dst_port, proto
),
scores AS (
    SELECT p.window_start, p.flow_first, p.flow_last, p.src_ip, p.dst_ip, p.dst_port, p.proto, p.app, p.name, p.connections, m.pause_middle, m.size_middle,
           (GREATEST(1 - d.pause_deviation / GREATEST(m.pause_middle, 1), 0)
               + CASE WHEN m.pause_high - m.pause_low < m.pause_middle / 50 THEN 1
                      ELSE 1 - ABS(m.pause_high + m.pause_low - 2 * m.pause_middle) / GREATEST(m.pause_high - m.pause_low, 1) END) / 2 AS intervals,
           (GREATEST(1 - d.size_deviation / GREATEST(m.size_middle, 1), 0)
               + CASE WHEN m.size_high - m.size_low < m.size_middle / 50 THEN 1
                      ELSE 1 - ABS(m.size_high + m.size_low - 2 * m.size_middle) / GREATEST(m.size_high - m.size_low, 1) END) / 2 AS sizes,
           LEAST((p.last_at - p.first_at) / 1000.0 / $span * 4 / 3, 1) AS coverage, e.evenness
    FROM pairs AS p
    JOIN middles AS m ON p.window_start = m.window_start AND p.src_ip = m.src_ip AND p.dst_ip = m.dst_ip
        AND p.dst_port = m.dst_port AND p.proto = m.proto
    JOIN spread AS d ON p.window_start = d.window_start AND p.src_ip = d.src_ip AND p.dst_ip = d.dst_ip
        AND p.dst_port = d.dst_port AND p.proto = d.proto
    JOIN even AS e ON p.window_start = e.window_start AND p.src_ip = e.src_ip AND p.dst_ip = e.dst_ip
        AND p.dst_port = e.dst_port AND p.proto = e.proto
    JOIN popular AS o ON p.window_start = o.window_start AND p.dst_ip = o.dst_ip
    WHERE m.pause_middle >= $pause AND o.clients < $peers
)
SELECT window_start, flow_first, flow_last, src_ip, dst_ip, dst_port, proto, app, name, connections, CAST(ROUND(pause_middle) AS BIGINT) AS interval, CAST(ROUND(pause_middle * 1000) AS BIGINT) AS milliseconds, CAST(size_middle AS BIGINT) AS octets,
       CAST(ROUND(25 * (intervals + sizes + coverage + evenness)) AS BIGINT) AS score,
       CAST(ROUND(100 * intervals) AS BIGINT) AS intervals_score, CAST(ROUND(100 * sizes) AS BIGINT) AS sizes_score,
       CAST(ROUND(100 * coverage) AS BIGINT) AS coverage_score, CAST(ROUND(100 * evenness) AS BIGINT) AS histogram_score
FROM scores
WHERE 25 * (intervals + sizes + coverage + evenness) >= $score
