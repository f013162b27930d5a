+++
title = { en = "Sessions or rights of many hosts asked by RPC", ja = "多数のホストへの RPC 探索" }
question = { en = "Does one host ask many others who is logged in, or whether it may administer them?", ja = "1 台のホストが、多数のホストにログイン中の利用者や管理権限の有無を尋ねていないか。" }
severity = "high"
attack = ["T1049", "T1018", "T1069", "T1135"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} asked {hosts} hosts within an hour for {operation} and the like.", ja = "{src_ip} が 1 時間に {hosts} 台のホストへ {operation} などを要求しました。" }
filter = "src_ip = {src_ip} and dcerpc_operations = {operation}"

[parameters.hosts]
default = 10
reason = { en = "An administrator asks a few; who maps a domain asks all.", ja = "管理者が尋ねるのは数台。ドメインを調べ上げる者は全台に尋ねる。" }

[[benign]]
en = "Inventory or monitoring that asks all hosts."
ja = "全ホストを調べる資産管理や監視。"
+++
-- As rpc_discovery, over the hosts: what BloodHound and the search for local administrators do.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS hosts, MAX(operation) AS operation
FROM (
    SELECT time_start, src_ip, dst_ip, unnest(dcerpc_operations) AS operation
    FROM flows
    WHERE $range AND dcerpc_operations IS NOT NULL
) AS asked
WHERE regexp_like(operation, '^(samr[.](GetMembersInAlias|EnumerateAliasesInDomain)|srvsvc[.]Netr(SessionEnum|ShareEnum|ShareEnumSticky)|wkssvc[.]NetrWkstaUserEnum|svcctl[.]OpenSCManager[AW2]|winreg[.]OpenUsers)$')
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_ip) >= $hosts
