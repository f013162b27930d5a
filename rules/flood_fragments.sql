+++
title = { en = "Flood of fragments", ja = "フラグメントのフラッド" }
question = { en = "Does a host get very many fragments of packets within a minute?", ja = "ホストに 1 分間で大量の断片化パケットが届いていないか。" }
severity = "medium"
attack = ["T1498.001", "T1499.001"]
window = "1m"
every = "30s"
key = ["dst_ip"]
text = { en = "{dst_ip} got {fragments} fragments within a minute from {sources} address(es).", ja = "{dst_ip} に 1 分間で {sources} 個のアドレスから {fragments} 個の断片が届きました。" }
filter = "dst_ip = {dst_ip} and ip_fragments > 0"

[parameters.fragments]
default = 20000
reason = { en = "File servers over UDP and tunnels fragment some hundreds a second.", ja = "UDP のファイルサーバーやトンネルの断片化は毎秒数百個。" }

[[benign]]
en = "A file server over UDP (NFS), or a tunnel whose packets do not fit."
ja = "UDP のファイルサーバー（NFS）や、パケット長の合わないトンネル。"
+++
-- A flow that lasts longer than a minute counts with its average.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, dst_ip, CAST(SUM(fragments) AS BIGINT) AS fragments, COUNT(DISTINCT src_ip) AS sources
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip,
           ip_fragments * COALESCE(sampling_rate, 1) / GREATEST((CAST(time_end AS BIGINT) - CAST(time_start AS BIGINT)) / 60000000000.0, 1.0) AS fragments
    FROM flows
    WHERE $range AND ip_fragments > 0 AND duplicate_of IS NULL
) AS broken
GROUP BY window_start, dst_ip
HAVING SUM(fragments) >= $fragments
