+++
title = { en = "Server used for amplification", ja = "増幅攻撃に悪用されるサーバー" }
question = { en = "Does a server of ours send an outside address many times what that address asked for?", ja = "自社のサーバーが、外部アドレスの要求の何倍もの量を送り返していないか。" }
severity = "high"
attack = ["T1498.002"]
window = "1m"
every = "30s"
text = { en = "{dst_ip} answered {src_ip} on UDP port {dst_port} with {kilobytes} kB within a minute, {factor} times what came in: {src_ip} is probably the victim of a reflected attack.", ja = "{dst_ip} が UDP ポート {dst_port} で {src_ip} に 1 分間で {kilobytes} kB（要求の {factor} 倍）を返しました。{src_ip} は反射攻撃の被害者と考えられます。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and proto = udp"

[parameters.factor]
default = 10
reason = { en = "Ordinary answers are up to five times as large as the question; amplifiers are chosen for ten and more.", ja = "通常の応答は要求の 5 倍まで。増幅に使われるものは 10 倍以上。" }

[parameters.kilobytes]
default = 2000
reason = { en = "A single large answer, such as a signed zone's, stays far below.", ja = "署名付きゾーンのような単発の大きな応答ははるかに小さい。" }

[[benign]]
en = "A resolver or a game server for outside users with large answers."
ja = "大きな応答を返す、外部向けのリゾルバーやゲームサーバー。"
+++
-- Services that are known to amplify, by what was recognised, by port only where nothing was.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, CAST(SUM(dst_bytes * COALESCE(sampling_rate, 1)) / 1000 AS BIGINT) AS kilobytes,
       CAST(SUM(dst_bytes) / SUM(src_bytes) AS BIGINT) AS factor
FROM flows
WHERE $range AND proto = 17 AND src_bytes > 0 AND COALESCE(dst_local, is_private(dst_ip)) AND NOT COALESCE(src_local, is_private(src_ip)) AND duplicate_of IS NULL
  AND (split_part(app, '.', 1) IN ('DNS', 'NTP', 'SNMP', 'SSDP', 'Memcached', 'LDAP', 'TFTP', 'Service_Location_Protocol', 'NetBIOS', 'MDNS', 'WSD', 'COAP', 'SIP', 'Source_Engine', 'RMCP', 'XDMCP')
    OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (17, 19, 53, 69, 111, 123, 137, 161, 389, 427, 1434, 1900, 3283, 3702, 5353, 5683, 10001, 11211, 27015, 37810)))
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM(dst_bytes * COALESCE(sampling_rate, 1)) >= $kilobytes * 1000 AND SUM(dst_bytes) >= SUM(src_bytes) * $factor
