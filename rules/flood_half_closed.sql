+++
title = { en = "Connections left half closed", ja = "片側だけ閉じた接続の滞留" }
question = { en = "Does a client leave very many connections that the server has closed, so that the server runs out of them?", ja = "サーバーが閉じた接続をクライアントが閉じずに大量に残し、資源を枯渇させていないか。" }
severity = "medium"
attack = ["T1499.002"]
window = "5m"
every = "30s"
text = { en = "{src_ip} left {connections} connections with {dst_ip} port {dst_port} open within five minutes that the server had closed.", ja = "{src_ip} が 5 分間に、{dst_ip} ポート {dst_port} の閉じた接続を {connections} 本、閉じないまま残しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 500
reason = { en = "Programs close what the server closed at once; a few are lost where a host goes away.", ja = "プログラムはサーバーが閉じた接続をすぐ閉じる。ホストが消えた場合に数本残る程度。" }

[parameters.share]
default = 80
reason = { en = "Per cent of the connections of the pair.", ja = "その組の接続に占める割合（％）。" }

[[benign]]
en = "A test of load whose client is stopped at once."
ja = "クライアントを一斉に止めた負荷試験。"
+++
-- Connections with a SYN of both sides and a FIN of the server, but neither FIN nor RST of the client (FIN-WAIT-2, RFC 9293 §3.3.2).
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, COUNT(*) FILTER (WHERE half) AS connections
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip, dst_port, tcp_dst_flags & 5 = 1 AND tcp_src_flags & 5 = 0 AS half
    FROM flows
    WHERE $range AND proto = 6 AND tcp_src_flags & 2 = 2 AND tcp_dst_flags & 2 = 2 AND duplicate_of IS NULL
) AS closed
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING COUNT(*) FILTER (WHERE half) >= $connections AND COUNT(*) FILTER (WHERE half) * 100 >= COUNT(*) * $share
