+++
title = { en = "Directory copied by a host that is no domain controller", ja = "ドメインコントローラーでないホストによる複製" }
question = { en = "Does a host ask a domain controller for its secrets as another controller would, or join the controllers itself?", ja = "ホストが、ドメインコントローラーのふりをして秘密を要求したり、自らコントローラーに加わったりしていないか。" }
severity = "critical"
attack = ["T1003.006", "T1207"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked the domain controller {dst_ip} for {operation} ({calls} calls, account {account}), but answers no logins itself.", ja = "{src_ip} がドメインコントローラー {dst_ip} に {operation} を要求しました（{calls} 回、アカウント {account}）。{src_ip} 自身はログインに応答していません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.calls]
default = 1
reason = { en = "One copies a password.", ja = "1 回でパスワードが写される。" }

[[benign]]
en = "A domain controller whose other traffic the probe does not see; a directory synchronisation such as that of a cloud."
ja = "他の通信が観測されていないドメインコントローラー、クラウドなどとのディレクトリ同期。"
+++
-- MS-DRSR: DCSync and DCShadow. A controller is who answered Kerberos, LDAP or replication in the same window.
WITH controllers AS (
    SELECT DISTINCT $window AS window_start, dst_ip AS ip
    FROM flows
    WHERE $range AND dst_packets > 0 AND (split_part(app, '.', 1) = 'Kerberos' AND dst_port = 88
        OR split_part(app, '.', 1) = 'LDAP' AND dst_port IN (389, 3268) OR array_has(dcerpc_interfaces, 'drsuapi'))
),
copied AS (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(operation) AS operation, COUNT(*) AS calls, COALESCE(MAX(account), '') AS account
    FROM (
        SELECT time_start, src_ip, dst_ip, dst_port, ntlm_user AS account, unnest(dcerpc_operations) AS operation
        FROM flows
        WHERE $range AND array_has(dcerpc_interfaces, 'drsuapi')
    ) AS asked
    WHERE operation IN ('drsuapi.DRSGetNCChanges', 'drsuapi.DRSReplicaAdd', 'drsuapi.DRSAddEntry')
    GROUP BY $window, src_ip, dst_ip, dst_port
)
SELECT c.window_start, c.src_ip, c.dst_ip, c.dst_port, c.operation, c.calls, c.account
FROM copied AS c
LEFT JOIN controllers AS d ON c.window_start = d.window_start AND c.src_ip = d.ip
WHERE d.ip IS NULL AND c.calls >= $calls
