+++
title = { en = "Remote login in clear", ja = "平文のリモートログイン" }
question = { en = "Does somebody log in by a protocol that shows passwords to everybody?", ja = "パスワードが読み取れるプロトコルでログインしていないか。" }
severity = "low"
attack = ["T1040", "T1021"]
window = "1h"
every = "5m"
text = { en = "{src_ip} logs in to {dst_ip} by {service} in clear ({connections} connections).", ja = "{src_ip} が {dst_ip} に平文の {service} でログインしています（{connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.packets]
default = 6
reason = { en = "A connection that was refused has fewer.", ja = "拒否された接続はこれより少ない。" }

[[benign]]
en = "Old devices on a network of their own."
ja = "専用ネットワーク上の古い機器。"
+++
-- Telnet and rsh by their content, by port only where nothing was recognised.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COUNT(DISTINCT src_port) AS connections,
       MAX(CASE WHEN split_part(app, '.', 1) = 'RSH' OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port <> 23) THEN 'rsh' ELSE 'Telnet' END) AS service
FROM flows
WHERE $range AND proto = 6 AND dst_packets >= $packets
  AND (split_part(app, '.', 1) IN ('Telnet', 'RSH') OR (COALESCE(app, 'Unknown') = 'Unknown' AND dst_port IN (23, 513, 514)))
GROUP BY $window, src_ip, dst_ip, dst_port
