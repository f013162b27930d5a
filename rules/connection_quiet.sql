+++
title = { en = "Long connection that says little", ja = "長時間続くわずかな通信" }
question = { en = "Does a host keep a connection of an unknown protocol with an address outside for an hour, over which hardly more than signs of life go?", ja = "ホストが外部と未知のプロトコルの接続を 1 時間以上保ち、ほぼ生存確認だけを流していないか。" }
severity = "medium"
attack = ["T1095", "T1571"]
window = "4h"
every = "15m"
text = { en = "{src_ip} has kept a connection with {dst_ip} {name} (port {dst_port}) for {minutes} minutes, over which {kilobytes} kB went in {packets} packets of unknown content.", ja = "{src_ip} が {dst_ip} {name}（ポート {dst_port}）との接続を {minutes} 分保ち、内容不明の {packets} パケット・{kilobytes} kB を流しました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.minutes]
default = 60
reason = { en = "A program that waits for a person closes before; one that waits for orders does not.", ja = "人を待つプログラムはそれ以前に閉じる。指令を待つものは閉じない。" }

[parameters.kilobytes]
default = 300
reason = { en = "Signs of life of some dozens of octets a minute, and a few orders.", ja = "毎分数十オクテットの生存確認と少数の指令。" }

[parameters.packets]
default = 60
reason = { en = "One a minute: a connection that is forgotten says nothing at all.", ja = "毎分 1 個。忘れられた接続は何も流さない。" }

[parameters.clients]
default = 3
reason = { en = "A server that several hosts of ours keep such connections with is a service, of a maker of devices or of games.", ja = "複数の内部ホストが同様の接続を持つ先は、機器メーカーやゲームのサービス。" }

[[benign]]
en = "A device or program that waits for messages of its maker by a protocol of his own."
ja = "メーカー独自のプロトコルで通知を待つ機器やソフトウェア。"
+++
-- TCP whose content a probe looked at and did not recognise, joined over the parts that the active timeout cut. The five values are one
-- number first, which a few others can have by chance.
WITH unknown AS (
    SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, time_start, time_end, src_bytes, dst_bytes, src_packets, dst_packets, dst_name,
           hash($window, src_ip, src_port, dst_ip, dst_port) AS five
    FROM flows
    WHERE $range AND proto = 6 AND source = 'probe' AND COALESCE(app, 'Unknown') = 'Unknown' AND src_packets > 0 AND dst_packets > 0 AND duplicate_of IS NULL
      AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
),
lasting AS MATERIALIZED (
    SELECT five FROM unknown GROUP BY five
    HAVING CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) >= $minutes * 60000000000
),
kept AS (
    SELECT u.window_start, u.src_ip, u.src_port, u.dst_ip, u.dst_port, COALESCE(MAX(u.dst_name), '') AS name, MIN(u.time_start) AS began, MAX(u.time_end) AS ended,
           (CAST(MAX(u.time_end) AS BIGINT) - CAST(MIN(u.time_start) AS BIGINT)) / 60000000000 AS minutes,
           SUM(u.src_bytes + u.dst_bytes) AS octets, SUM(u.src_packets + u.dst_packets) AS packets
    FROM unknown AS u
    JOIN lasting AS l ON u.five = l.five
    GROUP BY u.window_start, u.src_ip, u.src_port, u.dst_ip, u.dst_port
    HAVING CAST(MAX(u.time_end) AS BIGINT) - CAST(MIN(u.time_start) AS BIGINT) >= $minutes * 60000000000
       AND SUM(u.src_bytes + u.dst_bytes) <= $kilobytes * 1000 AND SUM(u.src_packets + u.dst_packets) >= $packets
),
clients AS (
    SELECT window_start, dst_ip, COUNT(DISTINCT src_ip) AS clients FROM kept GROUP BY window_start, dst_ip
)
SELECT k.window_start, MIN(k.began) AS flow_first, MAX(k.ended) AS flow_last, k.src_ip, k.dst_ip, k.dst_port, MAX(k.name) AS name, MAX(k.minutes) AS minutes, CAST(SUM(k.octets) / 1000 AS BIGINT) AS kilobytes, SUM(k.packets) AS packets
FROM kept AS k
JOIN clients AS c ON k.window_start = c.window_start AND k.dst_ip = c.dst_ip
WHERE c.clients < $clients
GROUP BY k.window_start, k.src_ip, k.dst_ip, k.dst_port
