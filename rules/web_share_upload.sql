+++
title = { en = "Upload to a file-sharing site", ja = "ファイル共有サイトへのアップロード" }
question = { en = "Did a host give a public file-sharing site much data?", ja = "ホストが公開ファイル共有サイトへ大量のデータを送信していないか。" }
severity = "medium"
attack = ["T1567.002"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} sent {megabytes} MB to {name}.", ja = "{src_ip} が {name} へ {megabytes} MB を送信しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.megabytes]
default = 10
reason = { en = "Reading pages of such a site sends less than one megabyte.", ja = "サイトの閲覧での送信は 1 MB 未満。" }

[[benign]]
en = "A file that was meant to be given away."
ja = "意図的に渡すファイル。"
+++
-- Names of sites at which anybody can leave a file, in TLS, HTTP and DNS lookups.
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, CAST(SUM(src_bytes * COALESCE(sampling_rate, 1)) / 1000000 AS BIGINT) AS megabytes
FROM flows
WHERE $range AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip))
  AND regexp_like(lower(COALESCE(tls_sni, http_host, dst_name, '')), '(^|[.])(wetransfer|we[.]tl|mega[.](nz|io|co[.]nz)|mediafire|anonfiles|gofile[.]io|file[.]io|transfer[.]sh|sendspace|send-anywhere|uploadfiles|filemail|dropmefiles|pixeldrain|zippyshare|bayfiles|firestorage|gigafile|filebin|catbox[.]moe|temp[.]sh|1fichier|rapidgator|smash(app)?[.]|pastebin[.]com|ufile[.]io)')
GROUP BY $window, src_ip, dst_ip
HAVING SUM(src_bytes * COALESCE(sampling_rate, 1)) >= $megabytes * 1000000
