+++
title = { en = "Controller reached from outside", ja = "外部からのコントローラー接続" }
question = { en = "Does a host outside talk a protocol of control with a device inside, and does that answer?", ja = "外部のホストが内部の機器と制御プロトコルで通信し、応答を得ていないか。" }
severity = "medium"
attack = ["T0883", "T0886"]
window = "1h"
every = "5m"
text = { en = "{src_ip} from outside talks {app} with {dst_ip} (port {dst_port}): {connections} connections, {commands} commands.", ja = "外部の {src_ip} が {dst_ip}（ポート {dst_port}）と {app} で通信しています（接続 {connections} 件、指令 {commands} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "These protocols ask nobody for a password.", ja = "これらのプロトコルはパスワードを求めない。" }

[[benign]]
en = "A provider of maintenance without a VPN."
ja = "VPN を使わない保守業者。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(app) AS app, COUNT(*) AS connections, SUM(COALESCE(control_commands, 0)) AS commands
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('Modbus', 'S7Comm', 'S7CommPlus', 'IEC60870', 'DNP3', 'BACnet', 'EthernetIP', 'CIP', 'FINS', 'HART-IP', 'BeckhoffADS', 'ISO9506-1-MMS')
  AND dst_packets > 0 AND src_packets > 0 AND NOT COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip))
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
