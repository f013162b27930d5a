+++
title = { en = "Program fetched in clear", ja = "平文でのプログラム取得" }
question = { en = "Did a host fetch a program from outside over an open protocol?", ja = "ホストが暗号化されていない通信で外部からプログラムを取得していないか。" }
severity = "low"
attack = ["T1105"]
window = "1h"
every = "5m"
text = { en = "{src_ip} fetched {file} from {dst_ip} {host} ({kilobytes} kB, type {type}).", ja = "{src_ip} が {dst_ip} {host} から {file} を取得しました（{kilobytes} kB、種別 {type}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.kilobytes]
default = 2
reason = { en = "A page that says that there is no such file is smaller.", ja = "ファイルが無いことを伝えるページはこれより小さい。" }

[[benign]]
en = "Updates of programs and systems."
ja = "プログラムやシステムの更新。"
+++
-- Types that a server gives programs, and names that end as programs and scripts do, in HTTP with success and in FTP.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(http_host), '') AS host,
       COALESCE(MAX(regexp_replace(split_part(http_path, '?', 1), '^.*/', '')), MAX(ftp_file), '') AS file,
       COALESCE(MAX(http_content_type), '') AS type, CAST(SUM(dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND COALESCE(src_local, is_private(src_ip)) AND dst_bytes >= $kilobytes * 1000
  AND ((http_status BETWEEN 200 AND 299
        AND (regexp_like(lower(http_content_type), '(x-msdownload|x-dosexec|x-msdos-program|portable-executable|x-executable|x-elf|x-sharedlib|x-msi|java-archive|android[.]package-archive|x-powershell|hta$)')
          OR regexp_like(lower(split_part(http_path, '?', 1)), '[.](exe|dll|scr|msi|ps1|bat|cmd|vbs|hta|jar|apk|elf|cpl|com|pif|lnk)$')))
    OR regexp_like(lower(ftp_file), '[.](exe|dll|scr|msi|ps1|bat|cmd|vbs|hta|jar|apk|elf)$'))
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
