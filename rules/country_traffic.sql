+++
title = { en = "Far more traffic with a country than others", ja = "特定の国との突出した通信" }
question = { en = "Does a host exchange far more data with a country than the other hosts that talk with it?", ja = "ある国との通信量が、同じ国と通信する他のホストよりはるかに多いホストはないか。" }
severity = "low"
attack = ["T1048", "T1041"]
window = "1h"
every = "15m"
key = ["src_ip", "country"]
text = { en = "{src_ip} exchanged {megabytes} MB with {country} within an hour ({sent} MB sent), where the {hosts} other hosts exchanged {usual} MB each.", ja = "{src_ip} が 1 時間に {country} と {megabytes} MB を通信しました（送信 {sent} MB）。他の {hosts} 台の平均は {usual} MB です。" }
filter = "src_ip = {src_ip} and dst_country = {country}"

[parameters.megabytes]
default = 500
reason = { en = "Less does not matter.", ja = "これ未満は問題にならない。" }

[parameters.times]
default = 20
reason = { en = "Times the mean of the others: people differ by ten, programs by more.", ja = "他のホストの平均に対する倍率。人の差は 10 倍程度。" }

[parameters.hosts]
default = 5
reason = { en = "With fewer others a mean says little.", ja = "これより少ないと平均に意味がない。" }

[[benign]]
en = "The one host that does the backup, or that a branch abroad is reached by."
ja = "バックアップ担当のホストや、海外拠点との接点となるホスト。"
+++
-- Octets of both directions by own initiator and country of the responder. Needs a database of countries.
WITH sums AS MATERIALIZED (
    SELECT $window AS window_start, src_ip, dst_country AS country, CAST(SUM((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1)) AS DOUBLE) AS octets,
           CAST(SUM(src_bytes * COALESCE(sampling_rate, 1)) AS DOUBLE) AS sent
    FROM flows
    WHERE $range AND dst_country IS NOT NULL AND dst_packets > 0 AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
    GROUP BY $window, src_ip, dst_country
),
countries AS (
    SELECT window_start, country, SUM(octets) AS octets, COUNT(*) AS hosts FROM sums GROUP BY window_start, country
)
SELECT s.window_start, s.src_ip, s.country, CAST(s.octets / 1000000 AS BIGINT) AS megabytes, CAST(s.sent / 1000000 AS BIGINT) AS sent,
       c.hosts - 1 AS hosts, CAST((c.octets - s.octets) / (c.hosts - 1) / 1000000 AS BIGINT) AS usual
FROM sums AS s
JOIN countries AS c ON s.window_start = c.window_start AND s.country = c.country
WHERE s.octets >= $megabytes * 1000000 AND c.hosts > $hosts AND s.octets > $times * (c.octets - s.octets) / (c.hosts - 1)
