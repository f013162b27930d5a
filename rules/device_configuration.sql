+++
title = { en = "Configuration of a network device moved", ja = "ネットワーク機器の設定の転送" }
question = { en = "Is the configuration of a router or switch read or written over a protocol without a password?", ja = "ルーターやスイッチの設定が、パスワードのないプロトコルで読み書きされていないか。" }
severity = "medium"
attack = ["T1602.002", "T1601"]
window = "1h"
every = "5m"
text = { en = "{src_ip} and {dst_ip} (port {dst_port}) exchanged {what} ({kilobytes} kB).", ja = "{src_ip} と {dst_ip}（ポート {dst_port}）の間で {what} がやり取りされました（{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "Backup of configurations by the administrator; installation of new switches."
ja = "管理者による設定のバックアップ。新しいスイッチの導入。"
+++
-- TFTP and FTP by the name of the file; Cisco's Smart Install by its port, which nothing else uses, where both sides sent data.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(CASE WHEN dst_port = 4786 THEN 'Smart Install' ELSE ftp_file END) AS what, CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND ((dst_port = 4786 AND proto = 6 AND dst_packets > 2 AND src_packets > 2 AND src_bytes + dst_bytes > 400)
    OR regexp_like(lower(ftp_file), '((running|startup)[-_]?(config|cfg)|-confg$|network-confg|[.](cfg|conf)$|config[.](text|xml|boot)$)'))
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
