+++
title = { en = "Proxy outside", ja = "外部プロキシ" }
question = { en = "Does a host send its traffic through a proxy outside?", ja = "ホストが外部のプロキシを経由していないか。" }
severity = "low"
attack = ["T1090.002"]
window = "1h"
every = "5m"
text = { en = "{src_ip} uses {dst_ip} on port {dst_port} as a proxy ({how}), {kilobytes} kB.", ja = "{src_ip} が {dst_ip} のポート {dst_port} をプロキシ（{how}）として使っています（{kilobytes} kB）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.packets]
default = 4
reason = { en = "A refused connection has fewer.", ja = "拒否された接続はこれより少ない。" }

[[benign]]
en = "A proxy in a cloud that the firm pays for."
ja = "会社が契約するクラウドのプロキシ。"
+++
-- SOCKS by its content, and HTTP CONNECT, from inside to the outside.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(CASE WHEN split_part(app, '.', 1) = 'SOCKS' THEN 'SOCKS' ELSE 'HTTP CONNECT' END) AS how,
       CAST(SUM(src_bytes + dst_bytes) / 1000 AS BIGINT) AS kilobytes
FROM flows
WHERE $range AND proto = 6 AND dst_packets >= $packets AND (split_part(app, '.', 1) = 'SOCKS' OR http_method = 'CONNECT') AND COALESCE(src_local, is_private(src_ip))
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
