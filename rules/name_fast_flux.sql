+++
title = { en = "Name whose addresses change all the time", ja = "アドレスが絶えず変わる名前" }
question = { en = "Does a name lead within an hour to far more addresses in far more networks than services have?", ja = "1 つの名前が 1 時間に、通常のサービスよりはるかに多くの網の多数のアドレスを指していないか。" }
severity = "low"
attack = ["T1568.001"]
window = "1h"
every = "5m"
quiet = "24h"
key = ["name"]
text = { en = "{name} led to {addresses} addresses in {networks} networks within an hour, good for {ttl} s; {clients} host(s) asked.", ja = "{name} は 1 時間に {networks} 個の網の {addresses} 個のアドレスを指しました（TTL {ttl} 秒、問い合わせ {clients} 台）。" }
filter = "dns_query = \"{name}\""

[parameters.networks]
default = 20
reason = { en = "Prefixes of 16 bits: services lie in a few, content networks answer one place from one to five.", ja = "16 ビットの網の数。通常のサービスは数個、CDN も 1 拠点には 1〜5 個。" }

[parameters.ttl]
default = 600
reason = { en = "Seconds: such names must change soon.", ja = "秒。こうした名前は短時間で変わる必要がある。" }

[[benign]]
en = "A pool of time servers, nodes of a peer-to-peer network, a large content network."
ja = "時刻サーバーのプール、P2P のノード、大規模 CDN。"
+++
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, name, COUNT(DISTINCT address) AS addresses, COUNT(DISTINCT regexp_replace(address, '^([0-9]+[.][0-9]+)[.].*$', '\1')) AS networks, MIN(ttl) AS ttl,
       COUNT(DISTINCT src_ip) AS clients, MIN(src_ip) AS src_ip
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, lower(dns_query) AS name, dns_ttl_secs AS ttl, unnest(dns_answers) AS address
    FROM flows
    WHERE $range AND dns_answers IS NOT NULL AND dns_qtype = 'A' AND dns_ttl_secs <= $ttl AND NOT regexp_like(lower(dns_query), '(^|[.])pool[.]ntp[.]org$')
) AS answered
WHERE regexp_like(address, '^[0-9.]+$')
GROUP BY window_start, name
HAVING COUNT(DISTINCT regexp_replace(address, '^([0-9]+[.][0-9]+)[.].*$', '\1')) >= $networks
