+++
title = { en = "Controller stopped or restarted", ja = "コントローラーの停止・再起動" }
question = { en = "Does a host stop or restart a controller, or silence it?", ja = "ホストがコントローラーを停止・再起動・沈黙させていないか。" }
severity = "high"
attack = ["T0816", "T0858", "T0814"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked the controller {dst_ip} (port {dst_port}) for {operation}; {refused} requests were refused.", ja = "{src_ip} がコントローラー {dst_ip}（ポート {dst_port}）に {operation} を要求しました（拒否 {refused} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
texts = { operations = '^(s7[.]plc_stop|umas[.](stop|start)|modbus[.](force_listen_only|restart_communications)|iec104[.]C_RP_NA_1|dnp3[.](cold_restart|warm_restart|stop_application|initialize))$' }

[parameters.requests]
default = 1
reason = { en = "Nothing of everyday stops a controller.", ja = "日常業務でコントローラーを止めることはない。" }

[[benign]]
en = "Maintenance by the engineer whose workstation this is."
ja = "担当技術者の端末による保守。"
+++
-- S7 stop; UMAS start and stop; Modbus diagnostics 1 and 4 (§6.8.1); reset of the process (IEC 60870-5-101
-- §7.3.4.7); DNP3 functions 13 to 18.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(operation) AS operation, COUNT(DISTINCT operation) AS operations, SUM(refused) AS refused
FROM (
    SELECT time_start, src_ip, dst_ip, dst_port, COALESCE(control_refused, 0) AS refused, unnest(control_operations) AS operation
    FROM flows
    WHERE $range AND control_operations IS NOT NULL AND duplicate_of IS NULL
) AS asked
WHERE regexp_like(operation, $operations)
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $requests
