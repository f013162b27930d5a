+++
title = { en = "File with secrets opened over SMB", ja = "SMB による秘密ファイルへのアクセス" }
question = { en = "Does a host open files of another one that hold its passwords or their hashes?", ja = "ホストが、パスワードやハッシュを含む他のホストのファイルを開いていないか。" }
severity = "high"
attack = ["T1003.002", "T1003.003", "T1552.006"]
window = "1h"
every = "5m"
text = { en = "{src_ip} opened {file} on {share} of {dst_ip}.", ja = "{src_ip} が {dst_ip} の {share} で {file} を開きました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.files]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "Backup of a domain controller over its shares."
ja = "共有経由のドメインコントローラーのバックアップ。"
+++
-- The directory's database, hives of the registry, dumps of the process of logins, and passwords in group policies.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(file) AS file, COALESCE(MAX(share), '') AS share, COUNT(*) AS files
FROM (
    SELECT time_start, src_ip, dst_ip, dst_port, smb_share AS share, unnest(smb_files) AS file
    FROM flows
    WHERE $range AND smb_files IS NOT NULL
) AS opened
WHERE regexp_like(lower(file), '(^|[\\])(ntds[.]dit|lsass[^\\]*[.]dmp|system32[\\]config[\\](sam|security|system)([.]sav)?|groups[.]xml)$')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $files
