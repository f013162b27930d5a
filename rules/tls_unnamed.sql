+++
title = { en = "Encrypted channel without a name, on a foreign port", ja = "名前のない暗号化通信（標準外ポート）" }
question = { en = "Does a host talk TLS with an outside server that has no name, signs its own certificate and is on a port of its own?", ja = "ホストが、名前がなく、自己署名証明書を使い、標準外のポートにいる外部サーバーと TLS で通信していないか。" }
severity = "medium"
attack = ["T1573.002", "T1571"]
window = "1h"
every = "5m"
text = { en = "{src_ip} talks TLS without a server name with {dst_ip} on port {dst_port}, whose certificate {subject} it signed itself ({connections} connections).", ja = "{src_ip} が、サーバー名なしの TLS で {dst_ip} のポート {dst_port} と通信しています。証明書 {subject} は自己署名です（{connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "Each of the three has harmless reasons; together they are how trojans call home.", ja = "3 つの条件はそれぞれ無害な理由があり得るが、揃うとマルウェアの通信の形になる。" }

[[benign]]
en = "A device or a VPN of a small office that is managed from outside."
ja = "外部から管理される小規模拠点の機器や VPN。"
+++
-- Programs that people use say the server's name (RFC 6066) and check who vouches for it. Ports of mail, VPN and web with TLS do not
-- count, nor do certificates that name their maker (O): those of products do.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(tls_cert_subject), '') AS subject, COUNT(*) AS connections
FROM flows
WHERE $range AND proto = 6 AND tls_cert_self_signed AND tls_sni IS NULL AND split_part(app, '.', 1) = 'TLS'
  AND dst_port NOT IN (443, 465, 563, 636, 853, 989, 990, 993, 995, 1194, 3389, 5061, 5223, 5228, 8443) AND COALESCE(src_local, is_private(src_ip))
  AND $part.to_outside
  AND NOT regexp_like(COALESCE(tls_cert_subject, ''), '(^|[,+] ?)O=')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
