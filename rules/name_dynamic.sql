+++
title = { en = "Name of a dynamic DNS service", ja = "動的 DNS サービスの名前" }
question = { en = "Does a host connect to a name that anybody can have changed at any time and without giving a name?", ja = "ホストが、匿名でいつでも変更できる動的 DNS 名へ接続していないか。" }
severity = "low"
attack = ["T1568", "T1583.001"]
window = "1h"
every = "5m"
quiet = "24h"
key = ["src_ip", "name"]
text = { en = "{src_ip} talks to {name} ({dst_ip} port {dst_port}), a name of a dynamic DNS service.", ja = "{src_ip} が動的 DNS の名前 {name}（{dst_ip} ポート {dst_port}）と通信しています。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.connections]
default = 1
reason = { en = "One is enough.", ja = "1 回で十分。" }

[[benign]]
en = "The home of a member of staff, a camera or a server of a hobbyist."
ja = "従業員の自宅、カメラ、個人のサーバー。"
+++
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, name, MAX(dst_ip) AS dst_ip, MAX(dst_port) AS dst_port
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip, dst_port, lower(COALESCE(tls_sni, http_host, dst_name, '')) AS name
    FROM flows
    WHERE $range AND COALESCE(tls_sni, http_host, dst_name) IS NOT NULL AND dst_packets > 0
) AS asked
WHERE regexp_like(name, '[.](duckdns[.]org|no-ip[.](org|biz|com|info)|noip[.]me|ddns[.](net|me)|hopto[.](org|me)|zapto[.]org|sytes[.]net|myftp[.](org|biz)|servegame[.]com|serveftp[.]com|servehttp[.]com|redirectme[.]net|bounceme[.]net|myvnc[.]com|3utilities[.]com|gotdns[.]ch|dyndns[.](org|biz|info)|dynu[.](net|com)|dynuddns[.](net|com)|accesscam[.]org|kozow[.]com|ooguy[.]com|mooo[.]com|chickenkiller[.]com|strangled[.]net|ignorelist[.]com|crabdance[.]com|afraid[.]org|changeip[.](com|net|org)|dns05[.]com|3322[.]org|f3322[.](net|org)|ydns[.]eu|nsupdate[.]info|dnsdynamic[.]org|dynv6[.]net|freeddns[.]org|loseyourip[.]com)$')
GROUP BY window_start, src_ip, name
HAVING COUNT(*) >= $connections
