+++
title = { en = "Fingerprint of malware", ja = "マルウェアのフィンガープリント" }
question = { en = "Does a flow have a fingerprint or certificate that a feed of malware knows?", ja = "マルウェアのフィードに載っているフィンガープリントや証明書を持つフローがないか。" }
severity = "high"
attack = ["T1573"]
window = "5m"
every = "30s"
quiet = "1h"
key = ["src_ip", "dst_ip", "names"]
text = { en = "{src_ip} and {dst_ip} (port {dst_port}): {kinds} stands for {names} in the feed {feeds}; {flows} flows.", ja = "{src_ip} と {dst_ip}（ポート {dst_port}）：{kinds} はフィード {feeds} で {names} とされています。{flows} フロー。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and fingerprint_names present"

[parameters.flows]
default = 0
reason = { en = "One flow is enough. Raise it where a fingerprint is shared with programs that people use.", ja = "1 フローで十分。一般のプログラムと共通のフィンガープリントがある場合は上げる。" }

[[benign]]
en = "A program that uses the same TLS library as the malware: a fingerprint stands for a way to speak, not for a program."
ja = "マルウェアと同じ TLS ライブラリーを使うプログラム。フィンガープリントは通信の仕方を示すもので、プログラムそのものではない。"
+++
-- Feeds of programs are named, too; those count whose name says that they are of threats.
SELECT $window AS window_start, src_ip, dst_ip, MIN(dst_port) AS dst_port, array_to_string(fingerprint_names, ', ') AS names,
       MAX(array_to_string(fingerprint_feeds, ', ')) AS feeds, MAX(array_to_string(fingerprint_kinds, ', ')) AS kinds, COUNT(*) AS flows
FROM flows
WHERE $range AND fingerprint_names IS NOT NULL
  AND regexp_like(lower(array_to_string(fingerprint_feeds, ',')), 'malware|threat|abuse|c2|botnet|ioc|bad|sslbl')
GROUP BY $window, src_ip, dst_ip, array_to_string(fingerprint_names, ', ')
HAVING COUNT(*) > $flows
