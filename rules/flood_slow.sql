+++
title = { en = "Slow connections that hold a server", ja = "サーバーを占有する低速接続" }
question = { en = "Does one address hold many connections open that ask for almost nothing and get no answer?", ja = "1 つのアドレスが、ほとんど何も要求せず応答も受けない接続を多数保持していないか。" }
severity = "medium"
attack = ["T1499.002"]
window = "5m"
every = "30s"
text = { en = "{src_ip} holds {connections} connections to port {dst_port} of {dst_ip} that last {duration} s (median) and to which the server has not answered.", ja = "{src_ip} が {dst_ip} のポート {dst_port} へ {connections} 個の接続を保持しています（中央値 {duration} 秒、サーバーの応答なし）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port} and proto = tcp"

[parameters.connections]
default = 50
reason = { en = "A browser holds six connections per server, a proxy some dozens, and they get answers.", ja = "ブラウザーの同時接続はサーバーあたり 6 個、プロキシで数十個であり、応答を受ける。" }

[parameters.seconds]
default = 20
reason = { en = "A request that is meant is sent whole within a few seconds.", ja = "本来の要求は数秒以内にすべて送られる。" }

[[benign]]
en = "A pool that opens connections in advance and does not use them."
ja = "事前に接続を開いたまま使わない接続プール。"

[[benign]]
en = "Clients behind a link that loses nearly everything."
ja = "大半が失われる回線の背後のクライアント。"
+++
-- The server accepted (SYN) and then sent no more than acknowledgements and perhaps one error page; the client sent little
-- over a long time. Connections are told apart by their source ports, and looked at where there are many of a client only, which
-- are counted by one number that a few others can have by chance.
WITH crowds AS (
    SELECT hash(src_ip, dst_ip, dst_port) AS crowd
    FROM flows
    WHERE $range AND proto = 6 AND src_bytes <= 6000 AND duplicate_of IS NULL
    GROUP BY 1
    HAVING COUNT(*) >= $connections
)
SELECT window_start, src_ip, dst_ip, dst_port, COUNT(*) AS connections, CAST(approx_percentile_cont(seconds, 0.5) AS BIGINT) AS duration
FROM (
    SELECT $window AS window_start, f.src_ip, f.src_port, f.dst_ip, f.dst_port,
           (CAST(MAX(f.time_end) AS BIGINT) - CAST(MIN(f.time_start) AS BIGINT)) / 1000000000 AS seconds
    FROM crowds AS c
    JOIN flows AS f ON c.crowd = hash(f.src_ip, f.dst_ip, f.dst_port)
    WHERE $range AND f.proto = 6 AND f.duplicate_of IS NULL
    GROUP BY $window, f.src_ip, f.src_port, f.dst_ip, f.dst_port
    HAVING bit_or(f.tcp_src_flags) & 18 = 18 AND bit_or(f.tcp_dst_flags) & 2 = 2
       AND SUM(f.src_packets) >= 4 AND SUM(f.src_bytes) <= 6000 AND SUM(f.dst_bytes) <= SUM(f.dst_packets) * 72 + 700
) AS held
WHERE seconds >= $seconds
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
