+++
title = { en = "Far more DNS questions than others ask", ja = "突出して多い DNS 問い合わせ" }
question = { en = "Does a client ask many times what its peers ask?", ja = "他のクライアントの何倍も問い合わせるクライアントはないか。" }
severity = "low"
attack = ["T1071.004", "T1568.002"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} asked {queries} DNS questions within an hour; the middle of {clients} clients is {usual}.", ja = "{src_ip} が 1 時間に {queries} 件の DNS 問い合わせを行いました（{clients} 台のクライアントの中央値は {usual} 件）。" }
filter = "src_ip = {src_ip} and app = DNS"

[parameters.queries]
default = 3000
reason = { en = "A browser full of pages asks some hundreds an hour.", ja = "ページを多数開いたブラウザーで 1 時間に数百件。" }

[parameters.times]
default = 10
reason = { en = "Times the median of the clients.", ja = "クライアントの中央値に対する倍率。" }

[parameters.clients]
default = 5
reason = { en = "With fewer clients there is nothing to compare with.", ja = "これより少ないと比較できない。" }

[[benign]]
en = "A mail server, a crawler, a log server that looks up names."
ja = "メールサーバー、クローラー、名前を引くログサーバー。"
+++
-- Hosts that answer DNS questions themselves are resolvers and do not count.
WITH asked AS (
    SELECT $window AS window_start, src_ip, SUM(COALESCE(dns_queries, src_packets)) AS queries
    FROM flows
    WHERE $range AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND duplicate_of IS NULL
      AND src_ip NOT IN (SELECT dst_ip FROM flows WHERE $range AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND dst_packets > 0)
    GROUP BY $window, src_ip
),
middle AS (
    SELECT window_start, approx_percentile_cont(queries, 0.5) AS usual, COUNT(*) AS clients FROM asked GROUP BY window_start
)
SELECT a.window_start, a.src_ip, a.queries, CAST(m.usual AS BIGINT) AS usual, m.clients
FROM asked AS a
JOIN middle AS m ON a.window_start = m.window_start
WHERE a.queries >= $queries AND a.queries >= m.usual * $times AND m.clients >= $clients
