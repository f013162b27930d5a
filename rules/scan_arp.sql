+++
title = { en = "ARP sweep", ja = "ARP スイープ" }
question = { en = "Does one address ask the local network for many hosts one after another?", ja = "1 つのアドレスがローカルネットワークの多数のホストを順に ARP で尋ねていないか。" }
severity = "medium"
attack = ["T1018"]
window = "1m"
every = "30s"
text = { en = "{src_ip} asked by ARP for {hosts} addresses within a minute; {silent} of them do not exist.", ja = "{src_ip} が 1 分間に ARP で {hosts} 個のアドレスを尋ね、うち {silent} 個は応答しませんでした。" }
filter = "src_ip = {src_ip} and l2_ethertype = 0x0806"

[parameters.hosts]
default = 50
reason = { en = "A host asks for its gateway and the few neighbours that it talks to; a sweep asks for the whole subnet.", ja = "通常のホストはゲートウェイと通信相手だけを尋ねる。スイープはサブネット全体を尋ねる。" }

[[benign]]
en = "A router after a restart, or one that is itself swept from outside."
ja = "再起動直後のルーター、または外部からスイープされているルーター。"

[[benign]]
en = "Address management and inventory that is allowed."
ja = "許可されたアドレス管理や資産管理。"
+++
-- Distinct addresses asked for per asker and minute; at least half of them gave no answer.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, COUNT(*) AS hosts, COUNT(*) FILTER (WHERE answers = 0) AS silent
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, SUM(dst_packets) AS answers
    FROM flows
    WHERE $range AND l2_ethertype = 2054 AND src_ip <> dst_ip
    GROUP BY $window, src_ip, dst_ip
) AS asked
GROUP BY window_start, src_ip
HAVING COUNT(*) > $hosts AND COUNT(*) FILTER (WHERE answers = 0) * 2 > COUNT(*)
