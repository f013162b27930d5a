+++
title = { en = "Answer put into a connection", ja = "接続への応答の注入" }
question = { en = "Did a segment of a connection come twice with different content, as where somebody on the way answers before the server?", ja = "途中の第三者がサーバーより先に応答した場合のように、同じ位置のセグメントが異なる内容で 2 度届いていないか。" }
severity = "medium"
attack = ["T1659", "T1557"]
window = "1h"
every = "5m"
text = { en = "In {connections} connections between {src_ip} and {dst_ip} (port {dst_port}, {app}) {segments} segments came twice with different content.", ja = "{src_ip} と {dst_ip}（ポート {dst_port}、{app}）の {connections} 接続で、{segments} 個のセグメントが異なる内容で 2 度届きました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One answer of somebody else is enough to send a browser away.", ja = "1 つの偽応答でブラウザーを誘導できる。" }

[[benign]]
en = "A device on the way that rewrites content, seen on both sides of it."
ja = "内容を書き換える途中の装置を、その両側で観測した場合。"

[[benign]]
en = "Packets that were damaged and sent again."
ja = "破損して再送されたパケット。"
+++
-- Connections whose beginning was seen, on both sides: two packets out of their connection, as of examples, do not show which was first. Inside encryption nobody can put anything in, and servers that give up
-- an answer for an alert write over it.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(app), 'Unknown') AS app, COUNT(*) AS connections,
       SUM(COALESCE(npm_src_conflicts, 0) + COALESCE(npm_dst_conflicts, 0)) AS segments
FROM flows
WHERE $range AND (npm_src_conflicts > 0 OR npm_dst_conflicts > 0) AND duplicate_of IS NULL AND tcp_src_flags & 2 = 2 AND tcp_dst_flags & 2 = 2 AND NOT COALESCE(encrypted, false)
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
