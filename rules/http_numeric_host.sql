+++
title = { en = "Web server without a name", ja = "名前のない Web サーバー" }
question = { en = "Does a program ask an outside web server by its bare address?", ja = "プログラムが、外部の Web サーバーを IP アドレスで直接呼び出していないか。" }
severity = "low"
attack = ["T1071.001"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asks {http_host} by its address, {requests} requests, as {agent}.", ja = "{src_ip} が {http_host} をアドレスで直接呼び出しています（{requests} 件、{agent}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 3
reason = { en = "Once may be a person who tests.", ja = "1 回は人による試験かもしれない。" }

[[benign]]
en = "Devices that report to an address that is set fast; certificates' lists of revocation."
ja = "固定アドレスへ報告する機器、証明書の失効リスト。"
+++
-- Clear HTTP whose Host is an address outside.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(http_host) AS http_host, SUM(COALESCE(http_requests, 1)) AS requests,
       COALESCE(MAX(substr(http_user_agent, 1, 80)), '-') AS agent
FROM flows
WHERE $range AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 0 AND regexp_like(http_host, '^([0-9]{1,3}([.][0-9]{1,3}){3}|\[[0-9a-fA-F:]+\])(:[0-9]+)?$')
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM(COALESCE(http_requests, 1)) >= $requests
