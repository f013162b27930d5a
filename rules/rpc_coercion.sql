+++
title = { en = "Host made to log in elsewhere", ja = "認証の強制" }
question = { en = "Does a host ask another one by RPC to open a path of its choice, by which that one's machine account logs in there?", ja = "ホストが、RPC で他のホストに任意のパスを開かせ、そのマシンアカウントを外部へ認証させようとしていないか。" }
severity = "high"
attack = ["T1187", "T1557.001"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} (account {account}): the machine account of {dst_ip} may have been sent elsewhere.", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（アカウント {account}）。{dst_ip} のマシンアカウントの認証情報が他へ送られた可能性があります。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.calls]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "Encryption of files on a server, shadow copies of shares by a backup, administration of DFS."
ja = "サーバー上のファイルの暗号化、バックアップによる共有のシャドウコピー、DFS の管理。"
+++
-- MS-EFSR (PetitPotam), MS-FSRVP (ShadowCoerce), MS-DFSNM (DFSCoerce), and MS-RPRN (PrinterBug), the last where nothing is printed.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(operation) AS operation, COUNT(*) AS calls, COALESCE(MAX(account), '') AS account
FROM (
    SELECT time_start, src_ip, dst_ip, dst_port, ntlm_user AS account, unnest(dcerpc_operations) AS operation,
           regexp_like(array_to_string(dcerpc_operations, ' '), '^(spoolss[.]Rpc(OpenPrinter(Ex)?|ClosePrinter|RemoteFindFirstPrinterChangeNotification(Ex)?) ?)+$') AS idle
    FROM flows
    WHERE $range AND dcerpc_operations IS NOT NULL
) AS asked
WHERE regexp_like(operation, '^(efsrpc[.].*|fsrvp[.](IsPathSupported|IsPathShadowCopied)|netdfs[.]NetrDfs(Add|Remove)StdRoot)$')
   OR idle AND operation LIKE 'spoolss.RpcRemoteFindFirst%'
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $calls
