+++
title = { en = "Node of a cryptocurrency", ja = "暗号通貨のノード" }
question = { en = "Does a host take part in the network of a cryptocurrency?", ja = "ホストが暗号通貨のネットワークに参加していないか。" }
severity = "low"
attack = ["T1496.001"]
window = "1h"
every = "5m"
key = ["src_ip", "app"]
text = { en = "{src_ip} talks to {peers} peers of {app}.", ja = "{src_ip} が {app} の {peers} 個のピアと通信しています。" }
filter = "src_ip = {src_ip} and app = \"{app}\""

[parameters.peers]
default = 2
reason = { en = "A node keeps many peers; a single flow may be recognised wrongly.", ja = "ノードは多数のピアを持つ。1 フローだけなら誤認の可能性がある。" }

[[benign]]
en = "A wallet or a node that is allowed."
ja = "許可されたウォレットやノード。"
+++
-- Flows of BITCOIN, ETHEREUM, Monero and Nano by their content.
SELECT $window AS window_start, src_ip, split_part(app, '.', 1) AS app, COUNT(DISTINCT dst_ip) AS peers
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('BITCOIN', 'ETHEREUM', 'Monero', 'Nano')
GROUP BY $window, src_ip, split_part(app, '.', 1)
HAVING COUNT(DISTINCT dst_ip) >= $peers
