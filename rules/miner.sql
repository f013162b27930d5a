+++
title = { en = "Cryptocurrency miner", ja = "暗号通貨のマイナー" }
question = { en = "Does a host work for a mining pool?", ja = "ホストがマイニングプールのために計算していないか。" }
severity = "high"
attack = ["T1496.001"]
window = "1h"
every = "5m"
text = { en = "{src_ip} talks to the mining pool {dst_ip} {name} on port {dst_port} ({how}): {connections} connections, {minutes} minutes.", ja = "{src_ip} がマイニングプール {dst_ip} {name}（ポート {dst_port}、{how}）と通信しています：{connections} 接続、{minutes} 分。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough: nothing else speaks this protocol.", ja = "1 回で十分。このプロトコルを話すものは他にない。" }

[[benign]]
en = "A miner that is allowed."
ja = "許可されたマイニング。"

[[benign]]
en = "Somebody who reads the web pages of a pool: names count only on ports other than 80 and 443, or with little going to the client."
ja = "プールの Web ページの閲覧。名前は 80 と 443 以外のポート、または受信が少ない場合だけ数える。"
+++
-- Stratum and its kin by their content, and names of known pools where the traffic is not that of reading pages.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COALESCE(MAX(tls_sni), MAX(http_host), MAX(dst_name), '') AS name, COUNT(DISTINCT src_port) AS connections,
       MAX(CASE WHEN split_part(app, '.', 1) = 'Mining' THEN 'stratum' ELSE 'name of a pool' END) AS how,
       CAST((CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT)) / 60000000000 AS BIGINT) AS minutes
FROM flows
WHERE $range AND proto = 6 AND dst_packets > 0
  AND (split_part(app, '.', 1) = 'Mining'
    OR (regexp_like(lower(COALESCE(tls_sni, http_host, dst_name, '')), '(nanopool|minexmr|supportxmr|moneroocean|2miners|ethermine|ethpool|f2pool|nicehash|hashvault|unmineable|herominers|flypool|braiins|slushpool|viabtc|antpool|minergate|c3pool|miningpoolhub|dwarfpool|poolin|hiveon|flexpool|woolypooly|minexpool|coinhive|xmrpool|xmr-pool|pool[.]hashvault)')
      AND (dst_port NOT IN (80, 443) OR (time_end - time_start > INTERVAL '10 minutes' AND dst_bytes < 1000000))))
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(DISTINCT src_port) >= $connections
