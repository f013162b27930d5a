+++
title = { en = "Many files renamed over SMB", ja = "SMB での大量のファイル名変更" }
question = { en = "Does a host give so many files on a share new names, or delete so many, that it may be encrypting them?", ja = "ホストが共有上の多数のファイル名を変更・削除し、暗号化している疑いはないか。" }
severity = "high"
attack = ["T1486", "T1485"]
window = "10m"
every = "1m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} renamed {renames} and deleted {deletes} files of {dst_ip} {share} within ten minutes.", ja = "{src_ip} が 10 分間に {dst_ip} {share} のファイル {renames} 個の名前を変更し、{deletes} 個を削除しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port in [139 445]"

[parameters.renames]
default = 60
reason = { en = "Of a connection 512 messages are looked at, in which a program that encrypts renames about a hundred files; a person renames a few.", ja = "1 接続につき 512 メッセージを観測し、暗号化プログラムはその間に約 100 ファイルを改名する。人は数個。" }

[parameters.deletes]
default = 200
reason = { en = "Programs delete files of their own by the dozen.", ja = "プログラムは自身のファイルを数十個単位で削除する。" }

[[benign]]
en = "A person who sorts folders; a program that saves under another name first."
ja = "フォルダーの整理。別名で保存してから改名するプログラム。"

[[benign]]
en = "Backup and synchronisation."
ja = "バックアップや同期。"
+++
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(smb_share), '') AS share, SUM(COALESCE(smb_renames, 0)) AS renames, SUM(COALESCE(smb_deletes, 0)) AS deletes
FROM flows
WHERE $range AND (smb_renames > 0 OR smb_deletes > 0) AND duplicate_of IS NULL
GROUP BY $window, src_ip, dst_ip
HAVING SUM(COALESCE(smb_renames, 0)) >= $renames OR SUM(COALESCE(smb_deletes, 0)) >= $deletes
