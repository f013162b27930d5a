+++
title = { en = "Own outside address asked for", ja = "自身の外部アドレスの確認" }
question = { en = "Does a host ask a service for the address by which the Internet sees it?", ja = "ホストが、インターネットから見た自身のアドレスを外部サービスに尋ねていないか。" }
severity = "low"
attack = ["T1016"]
window = "1h"
every = "5m"
quiet = "24h"
key = ["src_ip"]
text = { en = "{src_ip} asked {names} service(s) for its own address, such as {name}.", ja = "{src_ip} が自身のアドレスを {names} 個のサービス（{name} など）に尋ねました。" }
filter = "src_ip = {src_ip}"

[parameters.names]
default = 1
reason = { en = "Programs of everyday know their address or do not care; trojans and thieves of passwords ask almost always.", ja = "日常のプログラムは自身の外部アドレスを気にしない。トロイや情報窃取ソフトはほぼ必ず尋ねる。" }

[[benign]]
en = "A script that keeps a dynamic name up to date; a person who is curious."
ja = "動的 DNS 名を更新するスクリプト、利用者の確認。"
+++
SELECT $window AS window_start, src_ip, MAX(name) AS name, COUNT(DISTINCT name) AS names
FROM (
    SELECT time_start, src_ip, lower(COALESCE(tls_sni, http_host, dns_query)) AS name
    FROM flows
    WHERE $range AND COALESCE(tls_sni, http_host, dns_query) IS NOT NULL AND src_packets > 0
) AS asked
WHERE regexp_like(name, '^((api[46]?|api64)[.]ipify[.]org|checkip[.](dyndns[.](org|com)|amazonaws[.]com)|(ipv[46][.])?icanhazip[.]com|(pro[.])?ip-api[.]com|(ip[46][.])?ipecho[.]net|ifconfig[.](me|co|io|it)|ipinfo[.]io|(www[.])?whatismyip(address)?[.](com|net|org)|(bot[.])?whatismyipaddress[.]com|myexternalip[.]com|(api[.])?myip[.](com|is|dnsomatic[.]com)|myip[.]opendns[.]com|wtfismyip[.]com|ident[.]me|(ipv[46][.])?wtfismyip[.]com|api[.]ip[.]sb|freegeoip[.](net|app|live)|(api[.])?ipgeolocation[.]io|geoip[.]maxmind[.]com|ip[.]42[.]pl|showip[.]net|curlmyip[.](com|net)|eth0[.]me|checkip[.]org|ipwho[.]is|ipapi[.]co|db-ip[.]com|reallyfreegeoip[.]org)$')
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT name) >= $names
