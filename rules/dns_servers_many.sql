+++
title = { en = "Very many name servers asked", ja = "非常に多くの DNS サーバーへの問い合わせ" }
question = { en = "Does a client that is no resolver ask many name servers outside?", ja = "リゾルバーではないクライアントが、外部の多数の DNS サーバーに問い合わせていないか。" }
severity = "low"
attack = ["T1568", "T1071.004"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} asked {servers} name servers outside within an hour ({queries} questions), such as {example}.", ja = "{src_ip} が 1 時間に外部の {servers} 個の DNS サーバー（{example} など）へ問い合わせました（{queries} 件）。" }
filter = "src_ip = {src_ip} and dst_port = 53"

[parameters.servers]
default = 15
reason = { en = "A client has two or three resolvers, and a few programs bring one of their own.", ja = "クライアントのリゾルバーは 2〜3 個。独自のものを持つプログラムも少数。" }

[[benign]]
en = "A resolver of ones own that nobody inside asks, or that was started a moment ago."
ja = "内部から使われていない、または起動直後の自組織のリゾルバー。"

[[benign]]
en = "A tool that compares name servers."
ja = "DNS サーバーを比較するツール。"
+++
-- Answered DNS to servers outside, of hosts that themselves answered nobody within the hour.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS servers, SUM(COALESCE(dns_queries, 1)) AS queries, MIN(ip_text(dst_ip)) AS example
FROM flows
WHERE $range AND (split_part(app, '.', 1) = 'DNS' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port = 53)) AND dst_packets > 0 AND duplicate_of IS NULL
  AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
  AND src_ip NOT IN (SELECT dst_ip FROM flows WHERE $range AND dst_port = 53 AND dst_packets > 0)
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_ip) >= $servers
