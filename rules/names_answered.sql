+++
title = { en = "One host answers for many names", ja = "1 台が多数の名前に応答" }
question = { en = "Does a host answer for the names of many others on the local link, as where somebody wants their logins?", ja = "ログイン情報を狙う場合のように、ホストがローカルリンク上の多数の名前に応答していないか。" }
severity = "high"
attack = ["T1557.001"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} answered {hosts} host(s) for {names} different names over LLMNR or NetBIOS, such as {example}.", ja = "{src_ip} が LLMNR または NetBIOS で {names} 個の異なる名前（{example} など）について {hosts} 台に応答しました。" }
filter = "src_ip = {src_ip} and app in [LLMNR NetBIOS]"

[parameters.names]
default = 4
reason = { en = "A host answers for its own name, seldom for two or three.", ja = "ホストは自身の名前に応答する。2〜3 個はまれ。" }

[[benign]]
en = "A server with several names; a WINS server that was not told here."
ja = "複数の名前を持つサーバー。登録していない WINS サーバー。"
+++
-- Answers without a question in the same conversation: questions are multicast, and answers come from the port of the service.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, COUNT(DISTINCT name) AS names, COUNT(DISTINCT asker) AS hosts, MAX(name) AS example
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, lower(dns_query) AS name,
           CASE WHEN src_port IN (137, 5355) AND src_packets > 0 THEN src_ip ELSE dst_ip END AS src_ip,
           CASE WHEN src_port IN (137, 5355) AND src_packets > 0 THEN dst_ip ELSE src_ip END AS asker
    FROM flows
    WHERE $range AND split_part(app, '.', 1) IN ('LLMNR', 'NetBIOS') AND proto = 17 AND dns_query IS NOT NULL AND dns_queries IS NULL
      AND COALESCE(dns_qtype, '') <> 'NBSTAT'
) AS answered
GROUP BY window_start, src_ip
HAVING COUNT(DISTINCT name) >= $names
