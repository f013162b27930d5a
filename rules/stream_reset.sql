+++
title = { en = "Reset that its sender did not send", ja = "送信元を偽ったリセット" }
question = { en = "Does a side go on sending after a reset of its own, as where somebody on the way wants the connection to end?", ja = "途中の第三者が接続を切ろうとした場合のように、リセットを送ったはずの側がデータを送り続けていないか。" }
severity = "medium"
attack = ["T1557", "T1565.002"]
window = "1h"
every = "5m"
text = { en = "In {connections} connection(s) of {src_ip} with {dst_ip} port {dst_port} ({app}) {segments} segment(s) with data followed a reset of the same side.", ja = "{src_ip} と {dst_ip} ポート {dst_port}（{app}）の {connections} 接続で、リセットの後に同じ側から {segments} 個のデータが続きました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "A system forgets a connection with its reset: it has nothing more to send (RFC 9293 §3.5.3).", ja = "リセットした側は接続を忘れるため、送るものは残っていない（RFC 9293 §3.5.3）。" }

[parameters.segments]
default = 2
reason = { en = "One segment may have overtaken the reset on the way.", ja = "1 個だけなら経路上で追い越されただけかもしれない。" }

[[benign]]
en = "A firewall or a filter of ones own that ends connections by resets."
ja = "リセットで接続を切る自組織のファイアウォールやフィルター。"

[[benign]]
en = "A balancer of load that hands a connection to another server under the same address."
ja = "同じアドレスの別サーバーへ接続を渡す負荷分散装置。"
+++
-- New data after a reset of the same side, in connections whose beginning was seen.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(app), 'Unknown') AS app, COUNT(*) AS connections,
       SUM(COALESCE(npm_src_after_reset, 0) + COALESCE(npm_dst_after_reset, 0)) AS segments
FROM flows
WHERE $range AND (npm_src_after_reset > 0 OR npm_dst_after_reset > 0) AND duplicate_of IS NULL AND tcp_src_flags & 2 = 2 AND tcp_dst_flags & 2 = 2
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections AND SUM(COALESCE(npm_src_after_reset, 0) + COALESCE(npm_dst_after_reset, 0)) >= $segments
