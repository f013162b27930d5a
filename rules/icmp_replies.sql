+++
title = { en = "Answers to pings that nobody sent", ja = "送っていない ping への応答" }
question = { en = "Do many hosts send one host answers to pings that it did not send, as where its address is used for a flood?", ja = "アドレスを騙られたフラッドのように、送っていない ping への応答が多数のホストから届いていないか。" }
severity = "medium"
attack = ["T1498.002"]
window = "1m"
every = "30s"
key = ["dst_ip"]
text = { en = "{dst_ip} got {packets} echo answers that it did not ask for from {sources} addresses within a minute.", ja = "{dst_ip} に 1 分間で {sources} 個のアドレスから、求めていないエコー応答が {packets} 個届きました。" }
filter = "dst_ip = {dst_ip} and icmp_kind in [0 129]"

[parameters.sources]
default = 20
reason = { en = "A host that lost its requests on the way has a few such answers.", ja = "要求側だけ観測できない場合でも数個。" }

[parameters.packets]
default = 500
reason = { en = "Ten a second.", ja = "毎秒およそ 10 個。" }

[[benign]]
en = "A probe that sees one direction of the traffic only, and a host that watches many others by ping."
ja = "片方向しか見えないプローブと、ping で多数を監視するホスト。"
+++
-- Echo answers (type 0, in IPv6 129) that began a conversation: no request was seen before them.
SELECT $window AS window_start, dst_ip, COUNT(DISTINCT src_ip) AS sources, CAST(SUM(src_packets * COALESCE(sampling_rate, 1)) AS BIGINT) AS packets
FROM flows
WHERE $range AND ((proto = 1 AND icmp_kind = 0) OR (proto = 58 AND icmp_kind = 129)) AND dst_packets = 0 AND duplicate_of IS NULL
GROUP BY $window, dst_ip
HAVING COUNT(DISTINCT src_ip) >= $sources AND SUM(src_packets * COALESCE(sampling_rate, 1)) >= $packets
