+++
title = { en = "A way from host to host", ja = "ホストからホストへの移動" }
question = { en = "Was a host administered by one that never did so, and did it then administer another one that it never did?", ja = "初めての相手から管理接続を受けたホストが、続いて別の初めてのホストへ管理接続を開いていないか。" }
severity = "high"
attack = ["T1021.001", "T1021.002", "T1021.004", "T1021.006", "T1570"]
window = "8h"
every = "1h"
history = "14d"
method = "path"
key = ["src_ip"]
text = { en = "Sessions of administration that are all new led from host to host: {path} ({services}), within eight hours.", ja = "いずれも初めての管理接続がホストからホストへつながりました：{path}（{services}）。8 時間以内です。" }
filter = "dst_local = true and (src_ip = {src_ip} or dst_ip = {dst_ip})"

[parameters.hosts]
default = 3
reason = { en = "Two edges that lengthen each other: a new host of work is administered, and seldom administers another new one.", ja = "連続する 2 つの新しい接続。業務で新しいホストを管理することはあっても、そこからさらに新しいホストを管理することは少ない。" }

[parameters.days]
default = 3
reason = { en = "Days on which the first host has been seen: before, everything is new.", ja = "起点ホストを観測した日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "An administrator who goes through a new jump host."
ja = "新しい踏み台を経由する管理者。"

[[benign]]
en = "A rollout of servers that set each other up."
ja = "互いに設定し合うサーバー群の展開。"
+++
-- Edges of SSH, RDP, SMB, WinRM, remote procedure calls and shells that led to a session inside and that the past does not have; the
-- method joins them in the order of time.
SELECT $window AS window_start, src_ip, dst_ip, MIN(time_start) AS at,
       MIN(CASE WHEN COALESCE(app, 'Unknown') = 'Unknown' OR dst_port IN (5985, 5986) THEN concat('port ', dst_port) ELSE split_part(app, '.', 1) END) AS service
FROM flows
WHERE $range AND proto = 6 AND (split_part(app, '.', 1) IN ('SSH', 'RDP', 'Telnet', 'RSH', 'VNC', 'Radmin', 'SMBv1', 'SMBv23', 'DCERPC') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (22, 23, 135, 445, 3389, 5900)) OR dst_port IN (5985, 5986)) AND COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip)) AND dst_packets > 3
  AND src_ip IN (SELECT src_ip FROM flows WHERE $history GROUP BY src_ip HAVING COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) >= $days)
  AND concat(ip_text(src_ip), ' ', ip_text(dst_ip)) NOT IN (SELECT concat(ip_text(src_ip), ' ', ip_text(dst_ip)) FROM flows WHERE $history AND proto = 6 AND (split_part(app, '.', 1) IN ('SSH', 'RDP', 'Telnet', 'RSH', 'VNC', 'Radmin', 'SMBv1', 'SMBv23', 'DCERPC') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (22, 23, 135, 445, 3389, 5900)) OR dst_port IN (5985, 5986)))
GROUP BY $window, src_ip, dst_ip
