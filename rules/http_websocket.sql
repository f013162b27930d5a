+++
title = { en = "WebSocket to a bare address", ja = "アドレス直指定の WebSocket" }
question = { en = "Does a program keep a WebSocket open to a server outside that it calls by its address?", ja = "プログラムが、アドレスで直接呼び出した外部サーバーと WebSocket を開いていないか。" }
severity = "medium"
attack = ["T1071.001", "T1571"]
window = "1h"
every = "5m"
text = { en = "{src_ip} opened {connections} WebSocket connection(s) to {host} ({dst_ip} port {dst_port}), {path}, as {agent}: {kilobytes} kB.", ja = "{src_ip} が {host}（{dst_ip} ポート {dst_port}）の {path} へ WebSocket を {connections} 本開きました（{agent}、{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "Pages that people open have names; one such channel is enough to steer a program.", ja = "人が開くページには名前がある。プログラムの操作にはこの経路が 1 本あれば足りる。" }

[[benign]]
en = "A device or a test of ones own that is reached by its address."
ja = "アドレスで接続する自組織の機器や試験。"
+++
-- Clear HTTP that was switched to WebSocket (RFC 6455), with an address or nothing in place of a name. Names, and WebSocket inside TLS, are not judged.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(http_host), '-') AS host, COALESCE(MAX(http_path), '-') AS path,
       COALESCE(MAX(http_user_agent), '-') AS agent, COUNT(*) AS connections, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
  AND (split_part(app, '.', 1) = 'WebSocket' OR http_status = 101) AND http_method IS NOT NULL
  AND regexp_like(COALESCE(http_host, ''), '^(|[0-9.]+(:[0-9]+)?|\[.*)$')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
