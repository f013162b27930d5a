+++
title = { en = "Protocols of a host tried", ja = "ホストのプロトコル探索" }
question = { en = "Does a host try which protocols above IP another one has?", ja = "ホストが、他のホストの IP 上位プロトコルを総当たりしていないか。" }
severity = "medium"
attack = ["T1046"]
window = "1m"
every = "30s"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} tried {protocols} protocols above IP at {dst_ip} within a minute.", ja = "{src_ip} が 1 分間に {dst_ip} の IP 上位プロトコルを {protocols} 種類試しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.protocols]
default = 10
reason = { en = "Two hosts use one or two of the seldom ones.", ja = "2 台のホストが使うまれなプロトコルは 1〜2 種類。" }

[[benign]]
en = "An inventory of one's own."
ja = "自組織の資産調査。"
+++
SELECT $window AS window_start, src_ip, dst_ip, COUNT(DISTINCT proto) AS protocols
FROM flows
WHERE $range AND proto NOT IN (1, 2, 6, 17, 58) AND src_packets > 0 AND duplicate_of IS NULL AND l2_ethertype IS NULL
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(DISTINCT proto) >= $protocols
