+++
title = { en = "Flood of answers that nobody asked for", ja = "要求していない応答のフラッド" }
question = { en = "Do many servers send a host answers to questions that it never asked?", ja = "多数のサーバーが、ホストの要求していない応答を送りつけていないか。" }
severity = "high"
attack = ["T1498.002"]
window = "1m"
every = "10s"
key = ["dst_ip", "service_port"]
text = { en = "{dst_ip} got {kilobytes} kB from UDP port {service_port} of {servers} addresses within a minute without asking.", ja = "{dst_ip} に 1 分間で {servers} 個のアドレスの UDP ポート {service_port} から、要求していない {kilobytes} kB が届きました。" }
filter = "dst_ip = {dst_ip} and proto = udp or src_ip = {dst_ip} and proto = udp"

[parameters.servers]
default = 20
reason = { en = "A host asks a few servers; twenty that answer on one port without a question were made to.", ja = "ホストが使うサーバーは数個。要求なしに同じポートから応答する 20 個は操られている。" }

[parameters.kilobytes]
default = 5000
reason = { en = "Less does not hurt a line.", ja = "これ未満では回線に影響しない。" }

[[benign]]
en = "A probe that sees only one direction of the traffic."
ja = "片方向の通信しか見えないプローブ。"
+++
-- Packets from a port that amplifies, to which the host sent nothing. Where the roles were guessed by the port, the server is
-- the responder of a flow whose initiator is silent.
SELECT window_start, dst_ip, service_port, CAST(SUM(octets) / 1000 AS BIGINT) AS kilobytes, COUNT(DISTINCT server) AS servers
FROM (
    SELECT $window AS window_start, dst_ip, src_ip AS server, src_port AS service_port, src_bytes * COALESCE(sampling_rate, 1) AS octets
    FROM flows
    WHERE $range AND proto = 17 AND src_port IN (17, 19, 53, 69, 111, 123, 137, 161, 389, 427, 1434, 1900, 3283, 3702, 5353, 5683, 10001, 11211, 27015, 37810) AND dst_packets = 0 AND duplicate_of IS NULL AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
    UNION ALL
    SELECT $window AS window_start, src_ip AS dst_ip, dst_ip AS server, dst_port AS service_port, dst_bytes * COALESCE(sampling_rate, 1) AS octets
    FROM flows
    WHERE $range AND proto = 17 AND dst_port IN (17, 19, 53, 69, 111, 123, 137, 161, 389, 427, 1434, 1900, 3283, 3702, 5353, 5683, 10001, 11211, 27015, 37810) AND src_packets = 0 AND duplicate_of IS NULL
) AS unasked
GROUP BY window_start, dst_ip, service_port
HAVING COUNT(DISTINCT server) >= $servers AND SUM(octets) >= $kilobytes * 1000
