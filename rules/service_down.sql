+++
title = { en = "Service does not answer any more", ja = "応答しなくなったサービス" }
question = { en = "Do clients ask in vain for a service that answered until now?", ja = "これまで応答していたサービスが、クライアントに応答しなくなっていないか。" }
severity = "medium"
attack = ["T1489", "T1499"]
window = "5m"
every = "30s"
history = "1d"
key = ["dst_ip", "dst_port", "proto"]
text = { en = "{failed} of {tries} connections of {clients} clients to {dst_ip} port {dst_port} ({kind}) failed within five minutes; {before} succeeded in the day before.", ja = "5 分間に {clients} 台のクライアントから {dst_ip} のポート {dst_port}（{kind}）への {tries} 接続のうち {failed} 件が失敗しました（前日の成功 {before} 件）。" }
filter = "dst_ip = {dst_ip} and dst_port = {dst_port} and proto = {proto}"

[parameters.failed]
default = 20
reason = { en = "A client that tries again gives a few a minute.", ja = "再試行するクライアントでも 1 分に数件。" }

[parameters.share]
default = 90
reason = { en = "Per cent that fail: a service that is merely slow answers most.", ja = "失敗の割合（％）。遅いだけのサービスは大半に応答する。" }

[parameters.clients]
default = 2
reason = { en = "With one client the fault may be on its way.", ja = "1 台だけなら経路の問題かもしれない。" }

[parameters.before]
default = 20
reason = { en = "So many successes in the day before make it a service.", ja = "前日にこれだけ成功していればサービスとみなす。" }

[[benign]]
en = "Maintenance that was announced."
ja = "予告された保守。"

[[benign]]
en = "A new rule of a firewall."
ja = "新しいファイアウォール規則。"
+++
-- Connections by TCP that got no SYN back, or a reset at once, and questions by UDP without an answer, to an inside service that used to answer.
SELECT now.window_start, now.dst_ip, now.dst_port, now.proto, CASE now.proto WHEN 6 THEN 'TCP' ELSE 'UDP' END AS kind, now.failed, now.tries, now.clients, before.answered AS before
FROM (
    SELECT $window AS window_start, dst_ip, dst_port, proto, COUNT(*) AS tries, COUNT(DISTINCT src_ip) AS clients,
           COUNT(*) FILTER (WHERE dst_packets = 0 OR (proto = 6 AND tcp_dst_flags & 6 = 4)) AS failed
    FROM flows
    WHERE $range AND ((proto = 6 AND tcp_src_flags & 2 = 2) OR (proto = 17 AND src_packets > 0)) AND COALESCE(dst_local, is_private(dst_ip)) AND duplicate_of IS NULL
    GROUP BY $window, dst_ip, dst_port, proto
) AS now
JOIN (
    SELECT dst_ip, dst_port, proto, COUNT(*) AS answered
    FROM flows
    WHERE $history AND ((proto = 6 AND tcp_dst_flags & 2 = 2) OR (proto = 17 AND dst_packets > 0)) AND duplicate_of IS NULL
    GROUP BY dst_ip, dst_port, proto
) AS before ON now.dst_ip = before.dst_ip AND now.dst_port = before.dst_port AND now.proto = before.proto
WHERE now.failed >= $failed AND now.failed * 100 >= now.tries * $share AND now.clients >= $clients AND before.answered >= $before
