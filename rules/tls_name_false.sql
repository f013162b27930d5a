+++
title = { en = "Well-known name, foreign certificate", ja = "有名なサービスを装う TLS" }
question = { en = "Does a host ask for the name of a well-known service, and does the server show a certificate of its own making or of somebody else, as where a command channel hides behind that name?", ja = "ホストが有名なサービスの名前で接続し、サーバーが自己署名や別人の証明書を示していないか。指令通信がその名前に隠れている可能性がある。" }
severity = "medium"
attack = ["T1090.004", "T1036", "T1573"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip", "dst_port", "name"]
text = { en = "{src_ip} asked {dst_ip} port {dst_port} for {name} and was shown a certificate of {subject} ({how}, {connections} connections).", ja = "{src_ip} が {dst_ip} ポート {dst_port} に {name} として接続し、{subject} の証明書を示されました（{how}、{connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and tls_sni = {name}"

[parameters.connections]
default = 1
reason = { en = "Such services never show a certificate of somebody else.", ja = "これらのサービスが他者の証明書を示すことはない。" }

[[benign]]
en = "A proxy that looks inside and signs with a certificate of its own."
ja = "内容を検査し独自の証明書で署名するプロキシ。"

[[benign]]
en = "A portal of a hotel that answers for every name."
ja = "すべての名前に応答するホテルなどの認証ポータル。"
+++
-- Names under which command channels hide most, with a certificate that its maker signed himself or that is not for the name (RFC 9525).
-- Names inside TLS (the Host of HTTP) are not seen, nor certificates of TLS 1.3.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, tls_sni AS name, COALESCE(MAX(tls_cert_subject), '-') AS subject,
       CASE WHEN BOOL_OR(COALESCE(tls_cert_self_signed, false)) THEN 'self-signed' ELSE 'other names' END AS how, COUNT(*) AS connections
FROM flows
WHERE $range AND duplicate_of IS NULL AND tls_cert_subject IS NOT NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
  AND regexp_like(lower(tls_sni), '(^|[.])(google|googleapis|gstatic|youtube|microsoft|windowsupdate|office|office365|live|outlook|msn|bing|windows|azureedge|apple|icloud|amazon|amazonaws|cloudfront|cloudflare|facebook|instagram|twitter|github|githubusercontent|yahoo|akamai|akamaized|fastly|mozilla|adobe|dropbox|slack|zoom|wikipedia|linkedin|netflix|paypal|baidu|qq)[.](com|net|org|us|co[.]jp)$')
  AND (tls_cert_self_signed OR COALESCE(array_has(risk, 'sni_mismatch'), false))
GROUP BY $window, src_ip, dst_ip, dst_port, tls_sni
HAVING COUNT(*) >= $connections
