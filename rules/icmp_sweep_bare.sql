+++
title = { en = "Hosts searched by empty pings", ja = "空の ping によるホスト探索" }
question = { en = "Does one address send pings without content to several hosts, as tools of search do?", ja = "1 つのアドレスが、探索ツールのように内容のない ping を複数のホストへ送っていないか。" }
severity = "medium"
attack = ["T1018"]
window = "1m"
every = "10s"
key = ["src_ip", "proto"]
text = { en = "{src_ip} sent pings without content to {hosts} hosts within a minute.", ja = "{src_ip} が 1 分間に内容のない ping を {hosts} 台のホストへ送りました。" }
filter = "src_ip = {src_ip} and proto = {proto}"

[parameters.hosts]
default = 12
reason = { en = "Programs that check hosts send 32 or 56 octets; an empty ping is what nmap sends, and a dozen of them is no check of one.", ja = "死活確認のプログラムは 32 または 56 オクテットを送る。空の ping は nmap の送り方であり、十数台は単独の確認ではない。" }

[[benign]]
en = "A management tool that looks for devices."
ja = "機器を探す管理ツール。"
+++
-- Echo requests of 28 octets, in IPv6 48: headers and nothing else. icmp_sweep counts pings of all sizes.
SELECT $window AS window_start, src_ip, proto, COUNT(DISTINCT dst_ip) AS hosts
FROM flows
WHERE $range AND src_packets > 0
  AND (proto = 1 AND icmp_kind = 8 AND src_bytes = src_packets * 28 OR proto = 58 AND icmp_kind = 128 AND src_bytes = src_packets * 48)
GROUP BY $window, src_ip, proto
HAVING COUNT(DISTINCT dst_ip) >= $hosts
