+++
title = { en = "Flows of the highest risk", ja = "リスクが最大のフロー" }
question = { en = "Are there flows whose risks add up to the most that there is?", ja = "リスクの合計が上限に達するフローがないか。" }
severity = "low"
attack = ["T1071"]
window = "1h"
every = "5m"
quiet = "6h"
text = { en = "{flows} flows of {src_ip} to {dst_ip} (port {dst_port}, {app}) have risks of {score} points together: {risks}.", ja = "{src_ip} から {dst_ip}（ポート {dst_port}、{app}）への {flows} フローのリスクは合計 {score} 点です：{risks}。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and risk_score >= {score}"

[parameters.score]
default = 100
reason = { en = "One critical risk, or several severe ones in one flow. Lower sums are found by the filter risk_score.", ja = "重大なリスク 1 つ、または 1 フローに複数の大きなリスク。これより低いものはフィルター risk_score で見つかる。" }

[[benign]]
en = "A device of one's own with an old program and a certificate of its own."
ja = "古いプログラムと自己署名証明書を使う自組織の機器。"

[[benign]]
en = "A test of one's own security."
ja = "自組織のセキュリティ試験。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, COALESCE(MAX(app), 'Unknown') AS app, COUNT(*) AS flows, MIN(risk_score) AS score,
       MAX(array_to_string(risk, ', ')) AS risks
FROM flows
WHERE $range AND risk_score >= $score AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip, dst_port, proto
