+++
title = { en = "Ping sweep", ja = "ping スイープ" }
question = { en = "Does one address ping many hosts in a short time?", ja = "1 つのアドレスが短時間に多数のホストへ ping を送っていないか。" }
severity = "medium"
attack = ["T1018"]
window = "1m"
text = { en = "{src_ip} pinged {hosts} different hosts within a minute.", ja = "{src_ip} が 1 分間に {hosts} 台のホストへ ping を送りました。" }
filter = "src_ip = {src_ip} and (proto = icmp or proto = 58)"

[parameters.hosts]
default = 50
reason = { en = "A person pings one host at a time; a whole subnet within a minute is a search for hosts.", ja = "人が ping する相手は一度に 1 台。1 分間にサブネット全体へ送るのはホスト探索。" }

[count]
where = "((proto = 1 AND icmp_kind IN (8, 13, 17)) OR (proto = 58 AND icmp_kind = 128))"
key = ["src_ip", "proto"]
distinct = { hosts = "dst_ip" }
rows = "flows"
more = "hosts"

[[benign]]
en = "Monitoring that checks by ping whether hosts are up."
ja = "ping で死活を確かめる監視。"

[[benign]]
en = "A management tool that looks for devices."
ja = "機器を探す管理ツール。"
+++
-- Distinct hosts per source that got an echo request (type 8, in IPv6 128), timestamp or address mask request.
SELECT window_start, src_ip, proto, COUNT(*) AS hosts, SUM(flows) AS flows
FROM (
    SELECT $window AS window_start, src_ip, proto, dst_ip, COUNT(*) AS flows
    FROM flows
    WHERE $range AND ((proto = 1 AND icmp_kind IN (8, 13, 17)) OR (proto = 58 AND icmp_kind = 128))
    GROUP BY $window, src_ip, proto, dst_ip
) AS pinged
GROUP BY window_start, src_ip, proto
HAVING COUNT(*) > $hosts
