+++
title = { en = "Secrets of a host read by RPC", ja = "RPC による秘密情報の読み出し" }
question = { en = "Does a host read private data of another one, or have it save its registry?", ja = "ホストが、他のホストの秘密データを読んだり、レジストリを保存させたりしていないか。" }
severity = "high"
attack = ["T1003.002", "T1003.004", "T1555"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} ({operations} such operations, account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（同種の操作 {operations} 種類、アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
query = "rpc_execution"
# Secrets of the local security authority (MS-LSAD), among them the key by which a domain saves the secrets of its users, and hives
# of the registry with hashes of passwords (MS-RRP).
texts = { operations = '^(lsarpc[.](RetrievePrivateData|QuerySecret)|winreg[.]BaseRegSaveKey(Ex)?)$' }

[parameters.calls]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "Backup of a registry from afar."
ja = "遠隔からのレジストリのバックアップ。"
+++
