+++
title = { en = "Tool of remote execution by its pipe or file", ja = "遠隔実行ツールのパイプやファイル" }
question = { en = "Does a host open pipes or files on another one by which known tools run commands there?", ja = "既知の遠隔実行ツールが使うパイプやファイルを、ホストが他のホストで開いていないか。" }
severity = "medium"
attack = ["T1569.002", "T1570", "T1021.002"]
window = "1h"
every = "5m"
text = { en = "{src_ip} opened {file} on {dst_ip}, as a tool of remote execution does.", ja = "{src_ip} が {dst_ip} で、遠隔実行ツールが使う {file} を開きました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.files]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "An administrator with PsExec."
ja = "PsExec を使う管理者。"
+++
-- PsExec and its kin, and the output that impacket's tools fetch (two underscores and a time).
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(file) AS file, COUNT(*) AS files
FROM (
    SELECT time_start, src_ip, dst_ip, dst_port, unnest(smb_files) AS file
    FROM flows
    WHERE $range AND smb_files IS NOT NULL
) AS opened
WHERE regexp_like(lower(file), '(^|[\\])(psexesvc([.-].*)?|paexec[^\\]*|remcom_communic[^\\]*|csexec(svc)?[^\\]*|winexesvc[^\\]*|__output|__[0-9]{10}[.][0-9]+)$')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $files
