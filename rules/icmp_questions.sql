+++
title = { en = "Old questions of ICMP", ja = "ICMP の古い問い合わせ" }
question = { en = "Does a host ask others by ICMP for their time, mask or information, as tools do that tell systems apart?", ja = "OS を判別するツールのように、ICMP で時刻・マスク・情報を尋ねていないか。" }
severity = "low"
attack = ["T1592", "T1018"]
window = "10m"
every = "1m"
key = ["src_ip"]
text = { en = "{src_ip} asked {hosts} host(s) by ICMP for {kinds} ({packets} packets).", ja = "{src_ip} が {hosts} 台のホストに ICMP で {kinds} を尋ねました（{packets} パケット）。" }
filter = "src_ip = {src_ip} and icmp_kind in [13 15 17]"

[parameters.hosts]
default = 1
reason = { en = "Nothing of today asks so.", ja = "現在の機器はこのように尋ねない。" }

[[benign]]
en = "An old monitoring tool that measures time by ICMP."
ja = "ICMP で時刻を測る古い監視ツール。"
+++
-- Types 13 (time), 15 (information) and 17 (mask), which RFC 6918 gave up but for the time.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT dst_ip) AS hosts, SUM(src_packets) AS packets,
       array_to_string(array_sort(array_agg(DISTINCT CASE icmp_kind WHEN 13 THEN 'time' WHEN 15 THEN 'information' ELSE 'mask' END)), ', ') AS kinds
FROM flows
WHERE $range AND proto = 1 AND icmp_kind IN (13, 15, 17) AND src_packets > 0 AND duplicate_of IS NULL
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_ip) >= $hosts
