+++
title = { en = "Resolver outside, past our own", ja = "自社リゾルバーを通らない外部 DNS の利用" }
question = { en = "Does a client ask a name server outside, where the others ask our own?", ja = "他のクライアントが自社の DNS を使う中で、外部の DNS サーバーを使うクライアントはないか。" }
severity = "low"
attack = ["T1071.004", "T1568"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip", "dst_port"]
text = { en = "{src_ip} asked {dst_ip} {queries} times within an hour; {own} of {clients} clients ask resolvers inside.", ja = "{src_ip} が 1 時間に {dst_ip} へ {queries} 回問い合わせました（{clients} 台中 {own} 台は内部のリゾルバーを利用）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.share]
default = 80
reason = { en = "Per cent of clients that ask inside: only then the network has resolvers of its own.", ja = "内部へ問い合わせるクライアントの割合（％）。この場合だけ自社リゾルバーがあるとみなす。" }

[parameters.clients]
default = 5
reason = { en = "With fewer clients nothing can be said.", ja = "これより少ないと判断できない。" }

[parameters.queries]
default = 5
reason = { en = "A single question may be a test.", ja = "1 回の問い合わせは試験かもしれない。" }

[[benign]]
en = "A resolver that asks for all others and was not seen to be asked."
ja = "他を代表して問い合わせるリゾルバーで、内部からの問い合わせが観測されていないもの。"

[[benign]]
en = "A device with a name server of its maker set fast."
ja = "メーカー指定の DNS サーバーが固定された機器。"
+++
-- Hosts that answer DNS questions themselves are resolvers and do not count.
WITH asked AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(dst_local, is_private(dst_ip)) AS inside, COUNT(*) AS queries
    FROM flows
    WHERE $range AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND dst_packets > 0 AND COALESCE(src_local, is_private(src_ip))
      AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
    GROUP BY $window, src_ip, dst_ip, dst_port, COALESCE(dst_local, is_private(dst_ip))
),
clients AS (
    SELECT window_start, COUNT(DISTINCT src_ip) AS clients, COUNT(DISTINCT src_ip) FILTER (WHERE inside) AS own
    FROM asked
    GROUP BY window_start
)
SELECT a.window_start, a.src_ip, a.dst_ip, a.dst_port, a.queries, c.clients, c.own
FROM asked AS a
JOIN clients AS c ON a.window_start = c.window_start
WHERE NOT a.inside AND a.queries >= $queries AND c.clients >= $clients AND c.own * 100 >= c.clients * $share
  AND a.src_ip NOT IN (SELECT dst_ip FROM asked WHERE inside)
