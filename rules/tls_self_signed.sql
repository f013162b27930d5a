+++
title = { en = "Self-signed certificate outside", ja = "外部の自己署名証明書" }
question = { en = "Does a host talk to an outside server that nobody vouches for?", ja = "誰も保証していない外部サーバーと通信していないか。" }
severity = "low"
attack = ["T1573.002"]
window = "1h"
every = "5m"
text = { en = "{dst_ip} {name} shows {src_ip} a certificate that it signed itself: {subject} ({connections} connections).", ja = "{dst_ip} {name} は {src_ip} に自己署名証明書 {subject} を提示しています（{connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "Devices and small servers at home."
ja = "家庭の機器や小さなサーバー。"
+++
-- Certificates that the probe saw (TLS 1.2 and before; TLS 1.3 hides them), from inside to the outside.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, COALESCE(MAX(tls_cert_subject), '') AS subject, COUNT(*) AS connections
FROM flows
WHERE $range AND tls_cert_self_signed AND COALESCE(src_local, is_private(src_ip))
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
