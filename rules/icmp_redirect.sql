+++
title = { en = "Hosts sent another way", ja = "ICMP リダイレクト" }
question = { en = "Does a host tell others to send their packets another way?", ja = "ホストが、他のホストに経路の変更を指示していないか。" }
severity = "medium"
attack = ["T1557"]
window = "1h"
every = "5m"
quiet = "6h"
key = ["src_ip"]
text = { en = "{src_ip} told {hosts} host(s), such as {example}, {messages} times to send packets another way.", ja = "{src_ip} が {hosts} 台のホスト（{example} など）へ、経路の変更を {messages} 回指示しました。" }
filter = "src_ip = {src_ip} and icmp_kind in [5 137]"

[parameters.messages]
default = 3
reason = { en = "A router says it once to a host that heeds it; who listens in says it again and again.", ja = "ルーターは従うホストに一度だけ指示する。盗聴者は繰り返す。" }

[[benign]]
en = "A router with two ways in one network that was set up so."
ja = "同一網に 2 経路を持つよう設定されたルーター。"
+++
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS hosts, MAX(ip_text(dst_ip)) AS example, SUM(src_packets) AS messages
FROM flows
WHERE $range AND ((proto = 1 AND icmp_kind = 5) OR (proto = 58 AND icmp_kind = 137)) AND duplicate_of IS NULL
GROUP BY $window, src_ip
HAVING SUM(src_packets) >= $messages
