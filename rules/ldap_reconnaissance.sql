+++
title = { en = "Directory searched for ways in", ja = "ディレクトリの攻撃準備の検索" }
question = { en = "Does a host search the directory for accounts whose keys can be guessed, for rights to act as others, or for administrators?", ja = "ホストが、鍵を推測できるアカウント、他者になりすませる権限、管理者をディレクトリで検索していないか。" }
severity = "medium"
attack = ["T1087.002", "T1069.002", "T1558.003", "T1482"]
window = "1h"
every = "5m"
text = { en = "{src_ip} searched {dst_ip} for {example} ({searches} such searches).", ja = "{src_ip} が {dst_ip} で {example} を検索しました（同種の検索 {searches} 回）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.searches]
default = 1
reason = { en = "Programs of everyday ask for one name or one group of their own.", ja = "日常のプログラムが尋ねるのは、特定の名前や自身のグループ。" }

[[benign]]
en = "An audit of the directory; a synchronisation of accounts with a cloud."
ja = "ディレクトリの監査、クラウドとのアカウント同期。"
+++
-- Filters in clear (RFC 4515): no preauthentication (bit 22 of userAccountControl), delegation (bits 19 and 24), names of services of all users,
-- local administrator passwords, groups of administrators, everything that is an administrator, all users at once.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(substr(ldap_filter, 1, 160)) AS example, COUNT(*) AS searches
FROM flows
WHERE $range AND ldap_filter IS NOT NULL
  AND regexp_like(lower(ldap_filter), '(1[.]2[.]840[.]113556[.]1[.]4[.]803:=(4194304|524288|16777216)|msds-allowedto(delegateto|actonbehalfofotheridentity)=[*]|ms-mcs-admpwd|mslaps-|admincount=1|serviceprincipalname=[*].*(samaccounttype=805306368|objectcategory=(person|user)|objectclass=user)|(samaccounttype=805306368|objectcategory=(person|user)|objectclass=user).*serviceprincipalname=[*]|(domain|enterprise|schema) admins|^[(]samaccounttype=805306368[)]$|objectclass=trusteddomain)')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $searches
