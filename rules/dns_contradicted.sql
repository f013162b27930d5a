+++
title = { en = "Two answers to one DNS question", ja = "1 つの DNS 問い合わせへの 2 つの応答" }
question = { en = "Is a question answered twice, with addresses that have nothing in common, as where somebody on the way answers first?", ja = "途中の第三者が先に応答した場合のように、1 つの問い合わせに共通点のない 2 つの応答が来ていないか。" }
severity = "medium"
attack = ["T1659", "T1557"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{dst_ip} answered {src_ip} twice and differently, {questions} times, such as for {name}.", ja = "{dst_ip} が {src_ip} に異なる応答を 2 度返しました（{questions} 回、例：{name}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and app = DNS"

[parameters.questions]
default = 1
reason = { en = "Servers answer once.", ja = "サーバーの応答は 1 回。" }

[[benign]]
en = "A filter of the provider or of the state that answers first."
ja = "先に応答する事業者や国のフィルター。"
+++
SELECT $window AS window_start, src_ip, dst_ip, COUNT(*) AS questions, COALESCE(MAX(dns_query), '') AS name
FROM flows
WHERE $range AND dns_contradicted AND split_part(app, '.', 1) = 'DNS' AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(*) >= $questions
