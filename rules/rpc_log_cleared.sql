+++
title = { en = "Event log cleared by RPC", ja = "RPC によるイベントログの消去" }
question = { en = "Does a host clear the event log of another one?", ja = "ホストが他のホストのイベントログを消去していないか。" }
severity = "medium"
attack = ["T1070.001", "T1562.002"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} (account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.calls]
default = 1
reason = { en = "Nobody clears logs from afar in everyday work.", ja = "日常業務で遠隔からログを消去することはない。" }

[[benign]]
en = "An administrator who starts a log afresh."
ja = "ログを新しく始める管理者。"
+++
-- MS-EVEN, MS-EVEN6.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(operation) AS operation, COUNT(DISTINCT operation) AS operations,
       COALESCE(MAX(account), '') AS account
FROM (
    SELECT time_start, src_ip, dst_ip, dst_port, ntlm_user AS account, unnest(dcerpc_operations) AS operation
    FROM flows
    WHERE $range AND dcerpc_operations IS NOT NULL
) AS asked
WHERE regexp_like(operation, '^(eventlog[.]ElfrClearELF[AW]|eventlog6[.]EvtRpcClearLog)$')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $calls
