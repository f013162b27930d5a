+++
title = { en = "Time server asked for more than the time", ja = "時刻以外を尋ねられる時刻サーバー" }
question = { en = "Does somebody outside use the commands of a time server that amplify?", ja = "外部から、増幅に使われる時刻サーバーのコマンドが使われていないか。" }
severity = "low"
attack = ["T1498.002", "T1595"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip", "dst_port", "mode"]
text = { en = "{src_ip} sent {requests} {mode} requests to the time server {dst_ip}; it answered with {octets} octets.", ja = "{src_ip} が時刻サーバー {dst_ip} へ {mode} 要求を {requests} 件送り、{octets} オクテットの応答がありました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.requests]
default = 1
reason = { en = "Nobody outside has a reason to.", ja = "外部から使う理由はない。" }

[[benign]]
en = "A survey of the Internet."
ja = "インターネットの調査。"
+++
-- NTP of mode 6 (control) and 7 (private, monlist) from outside to the inside.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, ntp_mode AS mode, CAST(SUM(src_packets) AS BIGINT) AS requests, CAST(SUM(dst_bytes) AS BIGINT) AS octets
FROM flows
WHERE $range AND ntp_mode IN ('control', 'private') AND NOT COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip))
GROUP BY $window, src_ip, dst_ip, dst_port, ntp_mode
HAVING SUM(src_packets) >= $requests
