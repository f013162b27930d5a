+++
title = { en = "Encrypted DNS past our resolvers", ja = "自社リゾルバーを通らない暗号化 DNS" }
question = { en = "Does a host hide its DNS questions from us?", ja = "ホストが DNS の問い合わせを暗号化して隠していないか。" }
severity = "low"
attack = ["T1071.004", "T1572"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} uses encrypted DNS of {name} at {dst_ip} ({connections} connections within an hour).", ja = "{src_ip} が {dst_ip} の {name} の暗号化 DNS を利用しています（1 時間に {connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.connections]
default = 1
reason = { en = "One is enough to tell.", ja = "1 回で十分判断できる。" }

[[benign]]
en = "A browser or a telephone that does so by its settings."
ja = "既定の設定でそうするブラウザーやスマートフォン。"
+++
-- Names of resolvers known for DNS over HTTPS, TLS and QUIC; port 853 where TLS or QUIC was recognised; DNSCrypt.
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(tls_sni), MAX(dst_name), MAX(app)) AS name, COUNT(*) AS connections
FROM flows
WHERE $range AND COALESCE(src_local, is_private(src_ip)) AND dst_packets > 0
  AND (regexp_like(lower(tls_sni), '^(dns[.]google|dns64[.]dns[.]google|8888[.]google|([a-z0-9-]+[.])?cloudflare-dns[.]com|one[.]one[.]one[.]one|dns[0-9]*[.]quad9[.]net|doh[.].+|dns[.]adguard(-dns)?[.]com|dns[.]nextdns[.]io|doh[.]opendns[.]com|dns[.]alidns[.]com|doh[.]pub|dns[.]mullvad[.]net|[a-z0-9]+[.]dns[.]nextdns[.]io|public[.]dns[.]iij[.]jp|dns[.]controld[.]com|freedns[.]controld[.]com)$') OR split_part(app, '.', 1) = 'DNScrypt'
    OR (dst_port = 853 AND split_part(app, '.', 1) IN ('TLS', 'QUIC', 'DTLS')))
  AND $part.to_outside
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(*) >= $connections
