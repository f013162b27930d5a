+++
title = { en = "Data sent out by a program over HTTP", ja = "プログラムによる HTTP での送出" }
question = { en = "Does a program send much more to a web server outside than it gets, in clear and without a page that it came from?", ja = "プログラムが、参照元ページなしに平文の HTTP で、外部サーバーへ受信よりはるかに多くを送信していないか。" }
severity = "medium"
attack = ["T1041", "T1048.003"]
window = "1h"
every = "5m"
text = { en = "{src_ip} sent {kilobytes} kB to {host} ({dst_ip} port {dst_port}) by {requests} request(s) such as {example} and got {received} kB back, as {agent}.", ja = "{src_ip} が {host}（{dst_ip} ポート {dst_port}）へ {example} などの要求 {requests} 件で {kilobytes} kB を送信しました（受信 {received} kB、{agent}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.kilobytes]
default = 1000
reason = { en = "A form or a report of a fault is some kilobytes; a document or pictures of the screen are more.", ja = "フォームや障害報告は数 kB。文書や画面の画像はこれを超える。" }

[parameters.times]
default = 5
reason = { en = "What is sent is many times what comes back; calls of a service bring answers.", ja = "送信が受信の何倍もある。サービスの呼び出しには応答が伴う。" }

[parameters.clients]
default = 5
reason = { en = "A server that so many hosts of ours send to is a service that is in use here.", ja = "これほど多くの内部ホストが送る先は、ここで使われているサービス。" }

[[benign]]
en = "Reports of faults and telemetry of programs that still use HTTP."
ja = "HTTP を使う古いソフトウェアの障害報告やテレメトリー。"

[[benign]]
en = "A tool that uploads on purpose."
ja = "意図的にアップロードするツール。"
+++
-- POST and PUT in clear HTTP without a referring page, which browsers send. Of a connection with several requests the first one is seen; all octets count.
SELECT window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, dst_port, COALESCE(MAX(host), '-') AS host, SUM(requests) AS requests, MIN(path) AS example,
       CAST(SUM(sent) / 1000 AS BIGINT) AS kilobytes, CAST(SUM(got) / 1000 AS BIGINT) AS received, COALESCE(MAX(agent), '-') AS agent
FROM (
    SELECT window_start, time_start, time_end, src_ip, dst_ip, dst_port, host, requests, path, sent, got, agent,
           COUNT(*) FILTER (WHERE place = 1) OVER (PARTITION BY window_start, dst_ip) AS clients
    FROM (
        SELECT $window AS window_start, time_start, time_end, src_ip, dst_ip, dst_port, http_host AS host, COALESCE(http_requests, 1) AS requests,
               substr(http_path, 1, 80) AS path, src_bytes AS sent, dst_bytes AS got, http_user_agent AS agent,
               ROW_NUMBER() OVER (PARTITION BY $window, dst_ip, src_ip ORDER BY time_start) AS place
        FROM flows
        WHERE $range AND http_method IN ('POST', 'PUT') AND http_referer IS NULL AND duplicate_of IS NULL
          AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
    ) AS numbered
) AS posts
WHERE clients < $clients
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING SUM(sent) >= $kilobytes * 1000 AND SUM(sent) >= SUM(got) * $times
