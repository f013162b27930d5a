+++
title = { en = "Decoy touched", ja = "おとりへの接触" }
question = { en = "Does anybody touch an address that nothing uses?", ja = "何にも使われていないアドレスに触れるものがないか。" }
severity = "high"
attack = ["T1018", "T1046"]
window = "5m"
every = "30s"
enabled = false
text = { en = "{src_ip} touched the decoy {dst_ip} on port {dst_port} ({tries} times).", ja = "{src_ip} がおとり {dst_ip} のポート {dst_port} に {tries} 回触れました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.tries]
default = 1
reason = { en = "Nobody has a reason to.", ja = "触れる理由のある者はいない。" }

[[benign]]
en = "A management tool that looks for devices."
ja = "機器を探す管理ツール。"
+++
-- Addresses with the tag `decoy` in the networks file. Frames without IP do not count.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, proto, COUNT(*) AS tries
FROM flows
WHERE $range AND array_has(dst_tags, 'decoy') AND NOT COALESCE(array_has(src_tags, 'decoy'), false) AND l2_ethertype IS NULL
GROUP BY $window, src_ip, dst_ip, dst_port, proto
HAVING COUNT(*) >= $tries
