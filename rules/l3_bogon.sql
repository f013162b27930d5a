+++
title = { en = "Address that nobody can have", ja = "存在し得ないアドレス" }
question = { en = "Does the network carry packets to or from addresses that are given to nobody?", ja = "誰にも割り当てられていないアドレス宛て、またはそこからのパケットが流れていないか。" }
severity = "low"
attack = ["T1498", "T1590.005"]
window = "1h"
every = "5m"
key = ["host", "src_ip", "dst_ip"]
text = { en = "{packets} packets went between {host} and {addresses} address(es) that are given to nobody, such as {example}.", ja = "{host} と、誰にも割り当てられていない {addresses} 個のアドレス（例：{example}）との間で {packets} 個のパケットが流れました。" }
filter = "ip = {host}"

[parameters.packets]
default = 1
reason = { en = "A router that follows the rules passes none on (RFC 6890).", ja = "規則に従うルーターは 1 つも中継しない（RFC 6890）。" }

[[benign]]
en = "A network of ones own that uses such addresses."
ja = "そのようなアドレスを使う自組織のネットワーク。"

[[benign]]
en = "A capture whose addresses were replaced so that nobody is known by them."
ja = "匿名化のためアドレスが置き換えられたキャプチャ。"

[[benign]]
en = "A capture of the loopback interface beside others."
ja = "ループバックを含むキャプチャ。"
+++
-- Addresses that RFC 6890 keeps from being used between hosts: this network, loopback at one end only, future use, discard-only, site-local.
-- 0.0.0.0 and 255.255.255.255 have their use in DHCP. One event tells of all of them at one host: a flood has a false source in each packet.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, host, src_ip, dst_ip, COUNT(DISTINCT bogon) AS addresses, SUM(packets) AS packets, MIN(ip_text(bogon)) AS example
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_packets + dst_packets AS packets,
           CASE WHEN $part.bogon_src THEN NULL ELSE src_ip END AS src_ip, CASE WHEN $part.bogon_src THEN dst_ip END AS dst_ip,
           CASE WHEN $part.bogon_src THEN dst_ip ELSE src_ip END AS host, CASE WHEN $part.bogon_src THEN src_ip ELSE dst_ip END AS bogon
    FROM flows
    WHERE $range AND duplicate_of IS NULL AND l2_ethertype IS NULL AND ($part.bogon_src OR $part.bogon_dst)
) AS seen
GROUP BY window_start, host, src_ip, dst_ip
HAVING SUM(packets) >= $packets
