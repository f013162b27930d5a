+++
title = { en = "Administration from outside", ja = "外部からの管理接続" }
question = { en = "Did somebody outside get a session with a service of administration inside?", ja = "外部から内部の管理サービスへのセッションが成立していないか。" }
severity = "medium"
attack = ["T1133", "T1021"]
window = "1h"
every = "5m"
text = { en = "{src_ip} from outside has a session with {app} (port {dst_port}) on {dst_ip}: {seconds} s, {kilobytes} kB.", ja = "外部の {src_ip} が {dst_ip} の {app}（ポート {dst_port}）とセッションを持っています（{seconds} 秒、{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.seconds]
default = 20
reason = { en = "A refused login ends sooner.", ja = "拒否されたログインはこれより早く終わる。" }

[parameters.kilobytes]
default = 10
reason = { en = "The greeting and a refused login move less.", ja = "挨拶と拒否されたログインの量はこれより少ない。" }

[[benign]]
en = "Staff on the way, a provider of support."
ja = "出先の社員、サポート業者。"
+++
-- Remote shells, desktops and Windows services by what was recognised, by port only where nothing was.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, MAX(app) AS app, CAST(SUM(octets) / 1000 AS BIGINT) AS kilobytes, CAST(MAX(nanos) / 1000000000 AS BIGINT) AS seconds
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, src_port, dst_ip, dst_port, COALESCE(MAX(app), 'Unknown') AS app, SUM(src_bytes + dst_bytes) AS octets,
           CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) AS nanos
    FROM flows
    WHERE $range AND proto = 6 AND (split_part(app, '.', 1) IN ('SSH', 'RDP', 'Telnet', 'RSH', 'VNC', 'Radmin', 'SMBv1', 'SMBv23', 'DCERPC') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (22, 23, 135, 445, 3389, 5900)) OR dst_port IN (5985, 5986)) AND NOT COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip)) AND dst_packets > 3 AND src_packets > 3
    GROUP BY $window, src_ip, src_port, dst_ip, dst_port
) AS sessions
WHERE octets >= $kilobytes * 1000 AND nanos >= $seconds * 1000000000
GROUP BY window_start, src_ip, dst_ip, dst_port
