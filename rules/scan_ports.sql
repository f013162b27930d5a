+++
title = { en = "Port scan", ja = "ポートスキャン" }
question = { en = "Does one address try many ports in a short time?", ja = "1 つのアドレスが短時間に多数のポートを試していないか。" }
severity = "high"
attack = ["T1046"]
window = "1m"
text = { en = "{src_ip} tried {ports} different ports on {hosts} host(s) within a minute.", ja = "{src_ip} が 1 分間に {hosts} 台のホストの {ports} 個のポートを試しました。" }
filter = "src_ip = {src_ip} and (proto = tcp or proto = udp)"

[parameters.ports]
default = 100
reason = { en = "A host that works talks to a few dozen service ports a minute; scanners try hundreds. Ephemeral ports of both sides do not count, since only flows that moved little are looked at.", ja = "通常のホストが 1 分間に使うサービスポートは数十個まで。スキャナーは数百個を試す。転送量の小さいフローだけを数えるので、一時ポートは数に入らない。" }

[parameters.packets]
default = 3
reason = { en = "An attempt that leads nowhere takes a few packets: SYN, its retries or the answer.", ja = "成立しない試行は数パケット（SYN とその再送、または応答）で終わる。" }

[count]
where = "proto IN (6, 17) AND src_packets <= $packets AND dst_packets <= $packets"
key = ["src_ip"]
distinct = { ports = "dst_port", hosts = "dst_ip" }
rows = "flows"
more = "ports"

[[benign]]
en = "A vulnerability scanner or inventory tool that is allowed to do this."
ja = "許可された脆弱性スキャナーや資産管理ツール。"

[[benign]]
en = "A peer-to-peer client or a game that looks for partners."
ja = "相手を探す P2P クライアントやゲーム。"
+++
-- Distinct destination ports per source and window, among flows in which the responder sent next to nothing.
-- The inner questions have a row for each port and for each host, so that both are counted as rows: half of the time of
-- COUNT(DISTINCT).
SELECT by_port.window_start, by_port.src_ip, ports, hosts, flows
FROM (
    SELECT window_start, src_ip, COUNT(*) AS ports, SUM(flows) AS flows
    FROM (
        SELECT $window AS window_start, src_ip, dst_port, COUNT(*) AS flows
        FROM flows
        WHERE $range AND proto IN (6, 17) AND src_packets <= $packets AND dst_packets <= $packets
        GROUP BY $window, src_ip, dst_port
    ) AS tried
    GROUP BY window_start, src_ip
    HAVING COUNT(*) > $ports
) AS by_port
JOIN (
    SELECT window_start, src_ip, COUNT(*) AS hosts
    FROM (
        SELECT $window AS window_start, src_ip, dst_ip
        FROM flows
        WHERE $range AND proto IN (6, 17) AND src_packets <= $packets AND dst_packets <= $packets
        GROUP BY $window, src_ip, dst_ip
    ) AS met
    GROUP BY window_start, src_ip
) AS by_host ON by_port.window_start = by_host.window_start AND by_port.src_ip = by_host.src_ip
