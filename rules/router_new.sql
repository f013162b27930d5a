+++
title = { en = "New IPv6 router", ja = "新しい IPv6 ルーター" }
question = { en = "Does a host call itself a router that did not in the days before?", ja = "これまでルーターでなかったホストが、ルーターを名乗っていないか。" }
severity = "high"
attack = ["T1557"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip"]
text = { en = "{src_ip} calls itself an IPv6 router ({messages} messages); in the days before it did not, {known} other(s) did.", ja = "{src_ip} が IPv6 ルーターを名乗っています（{messages} 通）。これまでは名乗らず、別の {known} 台が名乗っていました。" }
filter = "src_ip = {src_ip} and icmp_kind = 134"

[parameters.messages]
default = 1
reason = { en = "One is enough to become a way out.", ja = "1 通で経路になりうる。" }

[parameters.known]
default = 1
reason = { en = "Where none is known, the first one is no news.", ja = "既知のものがなければ、最初の 1 台は異常ではない。" }

[[benign]]
en = "A new or replaced router; a telephone that shares its connection."
ja = "新設・交換されたルーター。接続を共有する電話機。"
+++
-- Router advertisements (RFC 4861 §4.2).
WITH known AS (
    SELECT DISTINCT src_ip AS router FROM flows WHERE $history AND proto = 58 AND icmp_kind = 134
)
SELECT $window AS window_start, src_ip, SUM(src_packets) AS messages, (SELECT COUNT(*) FROM known) AS known
FROM flows
WHERE $range AND proto = 58 AND icmp_kind = 134 AND src_packets > 0 AND src_ip NOT IN (SELECT router FROM known)
GROUP BY $window, src_ip
HAVING SUM(src_packets) >= $messages AND (SELECT COUNT(*) FROM known) >= $known
