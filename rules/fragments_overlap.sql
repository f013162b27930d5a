+++
title = { en = "Fragments that contradict each other", ja = "矛盾する断片" }
question = { en = "Are there fragments that overlap with different content, as of attacks and of those who hide from inspection?", ja = "攻撃や検査回避のように、異なる内容で重なる断片がないか。" }
severity = "medium"
attack = ["T1499.004", "T1027"]
window = "10m"
every = "1m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} sent {dst_ip} {fragments} fragments that contradict others.", ja = "{src_ip} が {dst_ip} へ、互いに矛盾する断片を {fragments} 個送りました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.fragments]
default = 1
reason = { en = "No sender does so on purpose but to harm or to hide (RFC 5722).", ja = "害意か隠蔽以外で意図的に行う送信者はいない（RFC 5722）。" }

[[benign]]
en = "A damaged network card; identifiers that come round within seconds at high rates."
ja = "故障したネットワークカード。高速通信での識別子の一巡。"
+++
SELECT $window AS window_start, src_ip, dst_ip, SUM(ip_fragment_overlaps) AS fragments
FROM flows
WHERE $range AND ip_fragment_overlaps > 0 AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip
HAVING SUM(ip_fragment_overlaps) >= $fragments
