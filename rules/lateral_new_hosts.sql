+++
title = { en = "Administration of hosts that are new to it", ja = "初めてのホストへの管理接続" }
question = { en = "Does a host open sessions of administration with many hosts that it has never administered?", ja = "ホストが、これまで管理したことのない多数のホストへ管理接続を開いていないか。" }
severity = "medium"
attack = ["T1021.001", "T1021.002", "T1021.004", "T1021.006"]
window = "1h"
every = "1h"
history = "14d"
key = ["src_ip"]
text = { en = "{src_ip} opened sessions of administration with {hosts} inside hosts within an hour that it had not touched in two weeks.", ja = "{src_ip} が 1 時間に、過去 2 週間に接続していない内部の {hosts} 台へ管理接続を開きました。" }
filter = "src_ip = {src_ip} and dst_local = true"

[parameters.hosts]
default = 5
reason = { en = "One or two new servers a day are work; five within an hour are a walk through the network.", ja = "1 日 1〜2 台の新しいサーバーは業務の範囲。1 時間に 5 台は横移動。" }

[parameters.days]
default = 3
reason = { en = "Days on which the host has been seen: before, everything is new.", ja = "ホストを観測した日数。これ未満ではすべてが新しい。" }

[[benign]]
en = "An administrator on the day of a large change."
ja = "大規模変更日の管理者。"

[[benign]]
en = "A new inventory or backup tool."
ja = "新しい資産管理・バックアップツール。"
+++
-- SSH, RDP, SMB, WinRM, remote procedure calls and shells that led to a session, inside.
SELECT window_start, src_ip, COUNT(*) AS hosts
FROM (
    SELECT $window AS window_start, src_ip, dst_ip
    FROM flows
    WHERE $range AND proto = 6 AND (split_part(app, '.', 1) IN ('SSH', 'RDP', 'Telnet', 'RSH', 'VNC', 'Radmin', 'SMBv1', 'SMBv23', 'DCERPC') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (22, 23, 135, 445, 3389, 5900)) OR dst_port IN (5985, 5986)) AND COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip)) AND dst_packets > 3
      AND src_ip IN (SELECT src_ip FROM flows WHERE $history GROUP BY src_ip HAVING COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) >= $days)
      AND concat(ip_text(src_ip), ' ', ip_text(dst_ip)) NOT IN (SELECT concat(ip_text(src_ip), ' ', ip_text(dst_ip)) FROM flows WHERE $history AND proto = 6 AND (split_part(app, '.', 1) IN ('SSH', 'RDP', 'Telnet', 'RSH', 'VNC', 'Radmin', 'SMBv1', 'SMBv23', 'DCERPC') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (22, 23, 135, 445, 3389, 5900)) OR dst_port IN (5985, 5986)))
    GROUP BY $window, src_ip, dst_ip
) AS new
GROUP BY window_start, src_ip
HAVING COUNT(*) >= $hosts
