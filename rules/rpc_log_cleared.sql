+++
title = { en = "Event log cleared by RPC", ja = "RPC によるイベントログの消去" }
question = { en = "Does a host clear the event log of another one?", ja = "ホストが他のホストのイベントログを消去していないか。" }
severity = "medium"
attack = ["T1070.001", "T1562.002"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} (account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
query = "rpc_execution"
# MS-EVEN, MS-EVEN6.
texts = { operations = '^(eventlog[.]ElfrClearELF[AW]|eventlog6[.]EvtRpcClearLog)$' }

[parameters.calls]
default = 1
reason = { en = "Nobody clears logs from afar in everyday work.", ja = "日常業務で遠隔からログを消去することはない。" }

[[benign]]
en = "An administrator who starts a log afresh."
ja = "ログを新しく始める管理者。"
+++
