+++
title = { en = "Program of a controller moved", ja = "コントローラーのプログラム転送" }
question = { en = "Does a host read or replace the program, files or clock of a controller?", ja = "ホストがコントローラーのプログラム、ファイル、時計を読み出しまたは書き換えていないか。" }
severity = "medium"
attack = ["T0843", "T0845", "T0889"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked the controller {dst_ip} (port {dst_port}) for {operation} ({operations} such operations, {refused} refused).", ja = "{src_ip} がコントローラー {dst_ip}（ポート {dst_port}）に {operation} を要求しました（同種の操作 {operations} 種類、拒否 {refused} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
query = "control_stopped"
texts = { operations = '^(s7[.](download|upload|plc_control|set_clock|password)|umas[.](download|upload|take_reservation)|modbus[.](write|read)_file_record|dnp3[.](file|delete_file|save_configuration|activate_configuration|disable_unsolicited)|iec104[.](file|parameter))$' }

[parameters.requests]
default = 1
reason = { en = "Seldom, and by few workstations.", ja = "まれで、限られた端末だけが行う。" }

[[benign]]
en = "The engineer puts a new program in, or saves the old one."
ja = "技術者による新しいプログラムの書き込みや保存。"
+++
