+++
title = { en = "Printer driver installed by RPC", ja = "RPC によるプリンタードライバーの導入" }
question = { en = "Does a host have another one load a printer driver, as where a hole of the spooler is used?", ja = "スプーラーの脆弱性を突く場合のように、ホストが他のホストにプリンタードライバーを読み込ませていないか。" }
severity = "high"
attack = ["T1210", "T1547.012"]
window = "1h"
every = "5m"
text = { en = "{src_ip} asked {dst_ip} for {operation} (account {account}).", ja = "{src_ip} が {dst_ip} に {operation} を要求しました（アカウント {account}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"
query = "rpc_execution"
# MS-RPRN opnums 9 and 89, MS-PAR opnum 39: CVE-2021-1675, CVE-2021-34527.
texts = { operations = '^(spoolss[.]RpcAddPrinterDriver(Ex)?|winspool[.]RpcAsyncAddPrinterDriver)$' }

[parameters.calls]
default = 1
reason = { en = "Drivers are installed on the server itself.", ja = "ドライバーは通常サーバー上で導入する。" }

[[benign]]
en = "An administrator of printers."
ja = "プリンターの管理者。"
+++
