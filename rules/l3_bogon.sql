+++
title = { en = "Address that nobody can have", ja = "存在し得ないアドレス" }
question = { en = "Does the network carry packets to or from addresses that are given to nobody?", ja = "誰にも割り当てられていないアドレス宛て、またはそこからのパケットが流れていないか。" }
severity = "low"
attack = ["T1498", "T1590.005"]
window = "1h"
every = "5m"
text = { en = "{packets} packets went from {src_ip} to {dst_ip}: {what} is given to nobody.", ja = "{src_ip} から {dst_ip} へ {packets} 個のパケットが流れました。{what} は誰にも割り当てられていません。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip}"

[parameters.packets]
default = 1
reason = { en = "A router that follows the rules passes none on (RFC 6890).", ja = "規則に従うルーターは 1 つも中継しない（RFC 6890）。" }

[[benign]]
en = "A network of ones own that uses such addresses."
ja = "そのようなアドレスを使う自組織のネットワーク。"

[[benign]]
en = "A capture of the loopback interface beside others."
ja = "ループバックを含むキャプチャ。"
+++
-- Addresses that RFC 6890 keeps from being used between hosts: this network, loopback at one end only, future use, discard-only, site-local.
-- 0.0.0.0 and 255.255.255.255 have their use in DHCP.
SELECT $window AS window_start, src_ip, dst_ip, SUM(src_packets + dst_packets) AS packets,
       CASE WHEN $part.bogon_src THEN ip_text(src_ip) ELSE ip_text(dst_ip) END AS what
FROM flows
WHERE $range AND duplicate_of IS NULL AND l2_ethertype IS NULL AND ($part.bogon_src OR $part.bogon_dst)
GROUP BY $window, src_ip, dst_ip
HAVING SUM(src_packets + dst_packets) >= $packets
