+++
title = { en = "Host sweep", ja = "ホストスイープ" }
question = { en = "Does one address try the same port on many hosts in a short time?", ja = "1 つのアドレスが短時間に多数のホストの同じポートを試していないか。" }
severity = "high"
attack = ["T1018", "T1046"]
window = "1m"
text = { en = "{src_ip} tried port {dst_port} on {hosts} different hosts within a minute.", ja = "{src_ip} が 1 分間に {hosts} 台のホストのポート {dst_port} を試しました。" }
filter = "src_ip = {src_ip} and dst_port = {dst_port} and proto = {proto}"

[parameters.hosts]
default = 50
reason = { en = "Few programs open connections to fifty hosts on one port within a minute without an answer; worms and scanners do.", ja = "1 分間に 50 台の同じポートへ応答のない接続を開くプログラムはほとんどない。ワームやスキャナーは行う。" }

[parameters.packets]
default = 3
reason = { en = "An attempt that leads nowhere takes a few packets: SYN, its retries or the answer.", ja = "成立しない試行は数パケット（SYN とその再送、または応答）で終わる。" }

[count]
where = "proto IN (6, 17) AND src_packets <= $packets AND dst_packets <= $packets AND dst_port NOT IN (53, 123)"
key = ["src_ip", "dst_port", "proto"]
distinct = { hosts = "dst_ip" }
rows = "flows"
more = "hosts"

[[benign]]
en = "Monitoring that checks whether hosts are up."
ja = "ホストの死活を確かめる監視。"

[[benign]]
en = "A management or discovery tool that is allowed to do this."
ja = "許可された管理ツールや探索ツール。"
+++
-- Distinct hosts per source, port and window, among flows in which the responder sent next to nothing.
-- The inner question has a row for each host, so that hosts are counted as rows: a third of the time of COUNT(DISTINCT).
SELECT window_start, src_ip, dst_port, proto,
       COUNT(*) AS hosts,
       SUM(flows) AS flows
FROM (
    SELECT $window AS window_start, src_ip, dst_port, proto, dst_ip, COUNT(*) AS flows
    FROM flows
    WHERE $range AND proto IN (6, 17) AND src_packets <= $packets AND dst_packets <= $packets
      AND dst_port NOT IN (53, 123)
    GROUP BY $window, src_ip, dst_port, proto, dst_ip
) AS tried
GROUP BY window_start, src_ip, dst_port, proto
HAVING COUNT(*) > $hosts
