+++
title = { en = "Sends mail to many servers", ja = "多数のサーバーへのメール送信" }
question = { en = "Does a host that is no mail server deliver mail to many servers outside?", ja = "メールサーバーではないホストが、外部の多数のサーバーへメールを送っていないか。" }
severity = "high"
attack = ["T1071.003", "T1534"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} opened {connections} mail connections to {servers} servers outside within an hour and gets no mail itself.", ja = "{src_ip} が 1 時間に外部の {servers} 台のメールサーバーへ {connections} 回接続しました。自身はメールを受信していません。" }
filter = "src_ip = {src_ip} and dst_port in [25 465 587]"

[parameters.servers]
default = 20
reason = { en = "A program of a person delivers to one server, a device that reports too.", ja = "個人のメールソフトや報告する機器の送信先は 1 台。" }

[[benign]]
en = "A mail server that takes mail in by another address."
ja = "別のアドレスで受信しているメールサーバー。"

[[benign]]
en = "A sender of newsletters that is allowed."
ja = "許可されたニュースレター配信。"
+++
-- Servers that are delivered to, by hosts that took no mail in the same hour.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS servers, COUNT(*) AS connections
FROM flows
WHERE $range AND proto = 6 AND (split_part(app, '.', 1) IN ('SMTP', 'SMTPS') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (25, 465, 587))) AND dst_packets > 1 AND COALESCE(src_local, is_private(src_ip))
  AND src_ip NOT IN (SELECT dst_ip FROM flows WHERE $range AND proto = 6 AND (split_part(app, '.', 1) IN ('SMTP', 'SMTPS') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (25, 465, 587))) AND dst_packets > 3)
  AND $part.to_outside
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_ip) >= $servers
