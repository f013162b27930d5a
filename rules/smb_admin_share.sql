+++
title = { en = "Administrative share used", ja = "管理共有の利用" }
question = { en = "Does a host open the hidden shares of another one, by which programs are brought in and run?", ja = "プログラムの持ち込みと実行に使われる隠し共有を、他のホストが開いていないか。" }
severity = "medium"
attack = ["T1021.002", "T1570"]
window = "1h"
every = "5m"
text = { en = "{src_ip} opened the share {share} on {dst_ip}.", ja = "{src_ip} が {dst_ip} の共有 {share} を開きました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough: only administrators can open it.", ja = "1 回で十分。管理者だけが開ける。" }

[[benign]]
en = "An administrator, distribution of software, backup."
ja = "管理者、ソフトウェア配布、バックアップ。"
+++
-- ADMIN$ and the roots of drives (C$). IPC$ is used for everything and does not count.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(smb_share) AS share, COUNT(*) AS connections
FROM flows
WHERE $range AND regexp_like(upper(smb_share), '(^|[\\])(ADMIN|[A-Z])[$]$')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
