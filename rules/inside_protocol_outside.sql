+++
title = { en = "Protocol of the inside towards outside", ja = "内部向けプロトコルの外部通信" }
question = { en = "Does a host speak SMB, LDAP, Kerberos, DCE/RPC or Java RMI with an address outside?", ja = "ホストが外部アドレスと SMB、LDAP、Kerberos、DCE/RPC、Java RMI で通信していないか。" }
severity = "medium"
attack = ["T1187", "T1190", "T1048"]
window = "1h"
every = "5m"
text = { en = "{src_ip} talks {app} with {dst_ip} {name} outside (port {dst_port}, {kilobytes} kB, account {account}).", ja = "{src_ip} が外部の {dst_ip} {name} と {app} で通信しています（ポート {dst_port}、{kilobytes} kB、アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "Firewalls let none of them out.", ja = "ファイアウォールは通常いずれも外へ通さない。" }

[[benign]]
en = "A directory or a share in a cloud that is used on purpose."
ja = "意図して使うクラウド上のディレクトリや共有。"

[[benign]]
en = "Networks of our own with public addresses that were not told to this system."
ja = "本システムに登録していない、自組織の公開アドレス帯。"
+++
-- A link in a mail or in a document has a host log in outside (NTLM); a logging library that was tricked fetches code by LDAP or RMI.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(app) AS app, COALESCE(MAX(dst_name), '') AS name, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes,
       COALESCE(MAX(ntlm_user), MAX(ldap_user), MAX(kerberos_client), '') AS account
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('SMBv1', 'SMBv23', 'LDAP', 'Kerberos', 'DCERPC', 'JRMI') AND dst_packets > 0 AND src_packets > 0
  AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
