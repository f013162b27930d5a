+++
title = { en = "Program started on another host by RPC", ja = "RPC による他ホストでのプログラム実行" }
question = { en = "Does a host make or start services, tasks, processes or objects on another one?", ja = "ホストが他のホストでサービス、タスク、プロセス、オブジェクトを作成・起動していないか。" }
severity = "medium"
attack = ["T1569.002", "T1053.005", "T1047", "T1021.002", "T1021.003"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} ({operations} such operations, account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（同種の操作 {operations} 種類、アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
texts = { operations = '^(svcctl[.](CreateService(W|A|WOW64A|WOW64W)|StartService[AW]|ChangeServiceConfig[AW])|atsvc[.]NetrJobAdd|taskscheduler[.]SchRpc(RegisterTask|Run)|IWbemServices[.]ExecMethod(Async)?|IDispatch[.]Invoke)$' }

[parameters.calls]
default = 1
reason = { en = "One is enough: only administrators may.", ja = "1 回で十分。管理者だけに許される。" }

[[benign]]
en = "Distribution of software, inventory, an administrator at work."
ja = "ソフトウェア配布、資産管理、管理者の作業。"
+++
-- Services (MS-SCMR), tasks (MS-TSCH), processes by WMI (MS-WMI) and objects by DCOM (MS-OAUT): PsExec, smbexec, atexec, wmiexec and dcomexec
-- work by them.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(operation) AS operation, COUNT(DISTINCT operation) AS operations,
       COALESCE(MAX(account), '') AS account
FROM (
    SELECT time_start, src_ip, dst_ip, dst_port, ntlm_user AS account, unnest(dcerpc_operations) AS operation
    FROM flows
    WHERE $range AND dcerpc_operations IS NOT NULL
) AS asked
WHERE regexp_like(operation, $operations)
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $calls
