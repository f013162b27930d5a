+++
title = { en = "Certificate of a remote-access trojan", ja = "遠隔操作マルウェアの証明書" }
question = { en = "Does a server show the certificate that a tool of attack makes by itself?", ja = "攻撃ツールが自動生成する証明書をサーバーが提示していないか。" }
severity = "high"
attack = ["T1573.002", "T1219"]
window = "1h"
every = "5m"
text = { en = "{dst_ip} port {dst_port} shows {src_ip} the certificate {subject}, which a tool of attack makes by itself.", ja = "{dst_ip} のポート {dst_port} が {src_ip} に、攻撃ツールが自動生成する証明書 {subject} を提示しています。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough: nobody else has such a name.", ja = "1 回で十分。他にこの名前を使う者はいない。" }

[[benign]]
en = "A test of security that is allowed."
ja = "許可されたセキュリティ試験。"
+++
-- Names that builders of trojans and frameworks put into their certificates unless told otherwise, as published of them.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(COALESCE(tls_cert_subject, tls_cert_issuer)) AS subject, COUNT(*) AS connections
FROM flows
WHERE $range AND regexp_like(lower(COALESCE(tls_cert_subject, '') || ' ' || COALESCE(tls_cert_issuer, '')), '(asyncrat|dcrat|venomrat|quasar server|orcus server|bitrat|major cobalt strike|sliver|mythic c2|posh ?c2|havoc c2)')
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
