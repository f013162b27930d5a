+++
title = { en = "Account changed by RPC", ja = "RPC によるアカウントの変更" }
question = { en = "Does a host make accounts, set their passwords or add them to groups on another one?", ja = "ホストが、他のホストでアカウントの作成、パスワードの設定、グループへの追加を行っていないか。" }
severity = "medium"
attack = ["T1098", "T1136.002", "T1531"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} ({operations} such operations, account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（同種の操作 {operations} 種類、アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
query = "rpc_execution"
# MS-SAMR. Users change their own passwords by other operations.
texts = { operations = '^(samr[.](CreateUserInDomain|CreateUser2InDomain|SetInformationUser2?|AddMemberToGroup|AddMemberToAlias))$' }

[parameters.calls]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "A computer that joins the domain; an administrator at work."
ja = "ドメインに参加するコンピューター、管理者の作業。"
+++
