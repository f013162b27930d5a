+++
title = { en = "Controller commanded by a new host", ja = "新しいホストからの制御コマンド" }
question = { en = "Does a host command a controller that it has never commanded in the days before?", ja = "過去に制御したことのないホストがコントローラーに指令していないか。" }
severity = "high"
attack = ["T0855", "T0831"]
window = "1h"
every = "30m"
history = "7d"
text = { en = "{src_ip} sent {commands} commands to the controller {dst_ip} (port {dst_port}), such as {operation}; in the days before it sent none.", ja = "{src_ip} がコントローラー {dst_ip}（ポート {dst_port}）へ {operation} などの指令を {commands} 件送りました。これまでの数日間は送っていません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.commands]
default = 1
reason = { en = "One command moves a machine.", ja = "1 つの指令で機械は動く。" }

[[benign]]
en = "A new workstation or a new master."
ja = "新しい端末やマスター。"

[[benign]]
en = "Maintenance that is seldom."
ja = "まれな保守作業。"
+++
-- Controllers that the history knows, so that a new network does not cry.
WITH known AS (
    SELECT src_ip, dst_ip, time_start
    FROM flows
    WHERE $history AND control_commands > 0
)
SELECT $window AS window_start, src_ip, dst_ip, dst_port, SUM(control_commands) AS commands, MAX(array_to_string(control_operations, ', ')) AS operation
FROM flows
WHERE $range AND control_commands >= $commands AND duplicate_of IS NULL
  AND dst_ip IN (SELECT dst_ip FROM flows WHERE $history AND control_operations IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM known WHERE known.src_ip = flows.src_ip AND known.dst_ip = flows.dst_ip)
GROUP BY $window, src_ip, dst_ip, dst_port
