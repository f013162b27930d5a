+++
title = { en = "Cryptocurrency miner", ja = "暗号通貨のマイナー" }
question = { en = "Does a host work for a mining pool?", ja = "ホストがマイニングプールのために計算していないか。" }
severity = "high"
attack = ["T1496.001"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} works for {pools} mining pool(s), such as {pool} {name} on port {port} ({how}): {connections} connections, {minutes} minutes of the hour.", ja = "{src_ip} が {pools} 個のマイニングプール（例：{pool} {name} のポート {port}、{how}）のために計算しています：{connections} 接続、1 時間のうち {minutes} 分。" }
filter = "src_ip = {src_ip} and dst_ip = {pool}"

[parameters.connections]
default = 1
reason = { en = "One is enough: nothing else speaks this protocol.", ja = "1 回で十分。このプロトコルを話すものは他にない。" }

[[benign]]
en = "A miner that is allowed."
ja = "許可されたマイニング。"

[[benign]]
en = "Somebody who reads the web pages of a pool: names count only on ports other than 80 and 443, or over ten minutes with little coming back."
ja = "プールの Web ページの閲覧。名前は 80 と 443 以外のポート、または受信が少ないまま 10 分以上続く場合だけ数える。"
+++
-- Stratum by its content; work fetched over HTTP by a program that calls itself a miner or names one in its path; names of known
-- pools where the traffic is not that of reading pages. The pool named is the one with most conversations.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, COUNT(*) AS pools, SUM(connections) AS connections, MAX(how) AS how, MAX(minutes) AS minutes,
       FIRST_VALUE(ip_text(dst_ip) ORDER BY connections DESC, dst_ip) AS pool, FIRST_VALUE(port ORDER BY connections DESC, dst_ip) AS port,
       FIRST_VALUE(name ORDER BY connections DESC, dst_ip) AS name
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dst_ip, MIN(dst_port) AS port, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, COUNT(DISTINCT src_port) AS connections,
           MAX(CASE WHEN split_part(app, '.', 1) = 'Mining' THEN 'stratum' WHEN http_method IS NOT NULL THEN 'HTTP' ELSE 'name' END) AS how,
           CAST((CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT)) / 60000000000 AS BIGINT) AS minutes
    FROM flows
    WHERE $range AND proto = 6 AND src_packets > 1
      AND (split_part(app, '.', 1) = 'Mining'
        OR regexp_like(lower(http_user_agent), '(cgminer|bfgminer|cpuminer|xmrig|xmr-stak|ethminer|claymore|minerd|nheqminer|ccminer|sgminer|phoenixminer|t-rex|lolminer)') OR regexp_like(http_path, '[?&]miner=')
        OR (regexp_like(lower(COALESCE(tls_sni, http_host, dst_name, '')), '(nanopool|minexmr|supportxmr|moneroocean|2miners|ethermine|ethpool|f2pool|nicehash|hashvault|unmineable|herominers|flypool|braiins|slushpool|viabtc|antpool|minergate|c3pool|miningpoolhub|dwarfpool|poolin|hiveon|flexpool|woolypooly|minexpool|coinhive|xmrpool|xmr-pool|pool[.]hashvault)') AND dst_packets > 0
          AND (dst_port NOT IN (80, 443) OR (time_end - time_start > INTERVAL '10 minutes' AND dst_bytes < 1000000))))
    GROUP BY $window, src_ip, dst_ip
) AS by_pool
GROUP BY window_start, src_ip
HAVING SUM(connections) >= $connections
