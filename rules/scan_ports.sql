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

[[benign]]
en = "A vulnerability scanner or inventory tool that is allowed to do this."
ja = "許可された脆弱性スキャナーや資産管理ツール。"

[[benign]]
en = "A peer-to-peer client or a game that looks for partners."
ja = "相手を探す P2P クライアントやゲーム。"
+++
-- Distinct destination ports per source and window, among flows in which the responder sent next to nothing.
SELECT $window AS window_start, src_ip,
       COUNT(DISTINCT dst_port) AS ports,
       COUNT(DISTINCT dst_ip) AS hosts,
       COUNT(*) AS flows
FROM flows
WHERE $range AND proto IN (6, 17) AND src_packets <= $packets AND dst_packets <= $packets
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT dst_port) > $ports
