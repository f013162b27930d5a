+++
title = { en = "Many equal answers of an encrypted site", ja = "暗号化サイトへの多数の同一試行" }
question = { en = "Does one address open very many short conversations with an encrypted site of ours, all alike, as where passwords are tried at its form?", ja = "暗号化されたサイトのフォームにパスワードを試すように、1 つのアドレスがよく似た短い接続を大量に開いていないか。" }
severity = "low"
attack = ["T1110"]
window = "5m"
every = "30s"
text = { en = "{src_ip} opened {attempts} short conversations of the same size with {dst_ip} {name} (port {dst_port}) within five minutes (median {octets} octets).", ja = "{src_ip} が 5 分間に {dst_ip} {name}（ポート {dst_port}）へ同じ大きさの短い接続を {attempts} 回開きました（中央値 {octets} オクテット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.attempts]
default = 100
reason = { en = "One every three seconds; programs that ask so often keep a connection open instead.", ja = "3 秒に 1 回。これほど頻繁に尋ねるプログラムは接続を保つ。" }

[parameters.spread]
default = 5
reason = { en = "Distance of the quartiles in per cent of the median, of what was sent and of what came back.", ja = "送信・受信それぞれの四分位範囲の中央値に対する割合（％）。" }

[[benign]]
en = "A balancer of load or monitoring that looks whether the site is there."
ja = "サイトの稼働を確認する負荷分散装置や監視。"

[[benign]]
en = "A program that opens a connection for each of its calls."
ja = "呼び出しごとに接続を開くプログラム。"
+++
-- TLS to inside servers with an answer (more than a handshake that was refused), no more than 40 kB.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, dst_ip, dst_port, COUNT(*) AS attempts, CAST(approx_percentile_cont(got, 0.5) AS BIGINT) AS octets, COALESCE(MAX(name), '') AS name
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dst_ip, dst_port, CAST(src_bytes AS DOUBLE) AS sent, CAST(dst_bytes AS DOUBLE) AS got, tls_sni AS name
    FROM flows
    WHERE $range AND proto = 6 AND split_part(app, '.', 1) = 'TLS' AND dst_bytes BETWEEN 1000 AND 40000 AND src_bytes BETWEEN 700 AND 20000 AND duplicate_of IS NULL
      AND COALESCE(dst_local, is_private(dst_ip))
) AS talks
GROUP BY window_start, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $attempts
   AND approx_percentile_cont(got, 0.75) - approx_percentile_cont(got, 0.25) <= approx_percentile_cont(got, 0.5) * $spread / 100
   AND approx_percentile_cont(sent, 0.75) - approx_percentile_cont(sent, 0.25) <= approx_percentile_cont(sent, 0.5) * $spread / 100
