+++
title = { en = "Remote shell of Windows", ja = "Windows のリモートシェル" }
question = { en = "Does a host manage another one by WinRM, over which PowerShell runs commands?", ja = "ホストが、PowerShell のコマンドを実行できる WinRM で他のホストを管理していないか。" }
severity = "low"
attack = ["T1021.006"]
window = "1h"
every = "5m"
text = { en = "{src_ip} manages {dst_ip} by WinRM ({connections} connections, account {account}).", ja = "{src_ip} が WinRM で {dst_ip} を管理しています（{connections} 接続、アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "Low by itself: administrators use it.", ja = "単独では低。管理者が使う。" }

[[benign]]
en = "An administrator, configuration management."
ja = "管理者、構成管理。"
+++
-- Requests to /wsman (MS-WSMV), whatever the port.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COUNT(*) AS connections, COALESCE(MAX(ntlm_user), '') AS account
FROM flows
WHERE $range AND http_method = 'POST' AND http_path LIKE '/wsman%'
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
