+++
title = { en = "Flood of calls or registrations", ja = "発信・登録要求のフラッド" }
question = { en = "Is a telephone server covered with calls or registrations?", ja = "電話サーバーが発信や登録の要求で埋め尽くされていないか。" }
severity = "medium"
attack = ["T1499.003"]
window = "1m"
every = "30s"
key = ["dst_ip", "method"]
text = { en = "{dst_ip} got {requests} SIP {method} requests within a minute from {sources} address(es).", ja = "{dst_ip} に 1 分間で {sources} 個のアドレスから {requests} 件の SIP {method} が届きました。" }
filter = "dst_ip = {dst_ip} and sip_method = {method}"

[parameters.requests]
default = 600
reason = { en = "Ten a second: a private exchange of a large firm sees fewer.", ja = "毎秒 10 件。大企業の構内交換機でもこれより少ない。" }

[[benign]]
en = "A gateway of a carrier; the return of all telephones after a failure."
ja = "通信事業者のゲートウェイ、障害復旧後の全電話機の再登録。"
+++
-- Conversations that began with INVITE or REGISTER, each with its packets where it has more than one request.
SELECT $window AS window_start, dst_ip, sip_method AS method, SUM(GREATEST(src_packets / 2, 1)) AS requests, COUNT(DISTINCT src_ip) AS sources
FROM flows
WHERE $range AND sip_method IN ('INVITE', 'REGISTER')
GROUP BY $window, dst_ip, sip_method
HAVING SUM(GREATEST(src_packets / 2, 1)) >= $requests
