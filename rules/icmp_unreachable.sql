+++
title = { en = "Many destinations unreachable", ja = "多数の到達不能通知" }
question = { en = "Is a host told again and again that what it asks for cannot be reached?", ja = "ホストが、到達不能の通知を繰り返し受けていないか。" }
severity = "low"
attack = ["T1046"]
window = "5m"
every = "30s"
key = ["dst_ip", "proto"]
text = { en = "{dst_ip} was told {messages} times by {routers} address(es) within five minutes that a destination cannot be reached.", ja = "{dst_ip} が 5 分間に {routers} 個のアドレスから {messages} 回の到達不能通知を受けました。" }
filter = "dst_ip = {dst_ip} and (proto = icmp or proto = 58)"

[parameters.messages]
default = 200
reason = { en = "A dead server in a program's settings gives a few a minute; routers limit them, so that hundreds mean that the host tries very much.", ja = "設定上の停止サーバーでは 1 分に数回。ルーターは通知を制限するため、数百回は大量の試行を意味する。" }

[[benign]]
en = "A route or a firewall rule that has just been changed."
ja = "変更したばかりの経路やファイアウォール規則。"

[[benign]]
en = "A peer-to-peer client whose partners are gone."
ja = "相手がいなくなった P2P クライアント。"
+++
-- Messages of type 3 (in IPv6 type 1) by the host that they are for: it scans, or something that it needs is gone.
SELECT $window AS window_start, dst_ip, proto, CAST(SUM(src_packets * COALESCE(sampling_rate, 1)) AS BIGINT) AS messages, COUNT(DISTINCT src_ip) AS routers
FROM flows
WHERE $range AND ((proto = 1 AND icmp_kind = 3) OR (proto = 58 AND icmp_kind = 1)) AND duplicate_of IS NULL
GROUP BY $window, dst_ip, proto
HAVING SUM(src_packets * COALESCE(sampling_rate, 1)) >= $messages
