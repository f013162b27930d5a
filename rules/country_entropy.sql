+++
title = { en = "Traffic over unusually many countries", ja = "普段より多くの国への通信" }
question = { en = "Is the traffic of a host spread over more countries than on its other days?", ja = "ホストの通信が、他の日より多くの国に分散していないか。" }
severity = "low"
attack = ["T1071", "T1090"]
window = "24h"
every = "1h"
history = "14d"
key = ["src_ip"]
text = { en = "The traffic of {src_ip} is spread over {countries} countries with an entropy of {entropy} bits; its mean is {usual}.", ja = "{src_ip} の通信は {countries} か国に分散しています（エントロピー {entropy} ビット、平均 {usual}）。" }
filter = "src_ip = {src_ip}"

[parameters.sigmas]
default = 3
reason = { en = "Standard deviations above the mean of the days, and at least half a bit.", ja = "各日の平均からの標準偏差の数。少なくとも 0.5 ビットの差。" }

[parameters.days]
default = 7
reason = { en = "Days on which the host has been seen.", ja = "そのホストを観測した日数。" }

[parameters.countries]
default = 5
reason = { en = "With fewer countries the entropy says little.", ja = "これより少ないとエントロピーに意味がない。" }

[[benign]]
en = "A traveller's computer; a program of exchange between peers."
ja = "出張者の端末、P2P プログラム。"
+++
-- Shannon's entropy of the octets by country of the responder, per host and day. Needs a database of countries.
WITH daily AS (
    SELECT day, past, src_ip, COUNT(*) AS countries, SUM(-(octets / total) * log2(octets / total)) AS bits
    FROM (
        SELECT day, past, src_ip, octets, SUM(octets) OVER (PARTITION BY day, past, src_ip) AS total
        FROM (
            SELECT $window AS day, false AS past, src_ip, dst_country, CAST(SUM(src_bytes + dst_bytes) AS DOUBLE) AS octets
            FROM flows WHERE $range AND dst_country IS NOT NULL AND dst_packets > 3 AND COALESCE(src_local, is_private(src_ip)) GROUP BY $window, src_ip, dst_country
            UNION ALL
            SELECT $window AS day, true AS past, src_ip, dst_country, CAST(SUM(src_bytes + dst_bytes) AS DOUBLE) AS octets
            FROM flows WHERE $history AND dst_country IS NOT NULL AND dst_packets > 3 GROUP BY $window, src_ip, dst_country
        ) AS by_country
        WHERE octets > 0
    ) AS shares
    GROUP BY day, past, src_ip
)
SELECT n.day AS window_start, n.src_ip, n.countries, ROUND(n.bits * 100) / 100 AS entropy, ROUND(b.usual * 100) / 100 AS usual
FROM daily AS n
JOIN (
    SELECT src_ip, AVG(bits) AS usual, COALESCE(stddev_pop(bits), 0) AS sigma, COUNT(*) AS days FROM daily WHERE past GROUP BY src_ip
) AS b ON n.src_ip = b.src_ip
WHERE NOT n.past AND b.days >= $days AND n.countries >= $countries AND n.bits > b.usual + GREATEST($sigmas * b.sigma, 0.5)
