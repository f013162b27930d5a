+++
title = { en = "Login over FTP outside, in clear", ja = "外部 FTP への平文ログイン" }
question = { en = "Does a host log in at a file server outside, in clear, under a name?", ja = "ホストが外部のファイルサーバーへ、名前付き・平文でログインしていないか。" }
severity = "low"
attack = ["T1048.003"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} logged in at {dst_ip} {name} as {user} over FTP (file {file}, {kilobytes} kB sent in all its connections).", ja = "{src_ip} が FTP で {dst_ip} {name} に {user} としてログインしました（ファイル {file}、送出合計 {kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.connections]
default = 1
reason = { en = "Thieves of passwords send what they found so, once a day.", ja = "情報窃取ソフトは収集物を日に一度程度この方法で送る。" }

[[benign]]
en = "A page that is put on a rented server."
ja = "レンタルサーバーへのページの公開。"
+++
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(dst_name), '') AS name, MAX(ftp_user) AS user, COALESCE(MAX(ftp_file), '') AS file, CAST(SUM(src_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND ftp_user IS NOT NULL AND lower(ftp_user) NOT IN ('anonymous', 'ftp', 'guest') AND COALESCE(login_succeeded, 1) > 0 AND dst_packets > 3
  AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(*) >= $connections
