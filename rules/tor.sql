+++
title = { en = "TOR", ja = "TOR" }
question = { en = "Does a host use the anonymising network TOR?", ja = "ホストが匿名化ネットワーク TOR を使っていないか。" }
severity = "medium"
attack = ["T1090.003"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} opened TLS connections to {relays} addresses under made-up names such as {example} that nobody looked up.", ja = "{src_ip} が、名前解決されていない生成名（例：{example}）で {relays} 個のアドレスへ TLS 接続しました。" }
filter = "src_ip = {src_ip} and app = TLS"

[parameters.relays]
default = 2
reason = { en = "TOR keeps a few entry relays and gives each connection a name of its own; one such name may be chance.", ja = "TOR は数個の入口リレーを使い、接続ごとに名前を生成する。1 個だけなら偶然もあり得る。" }

[[benign]]
en = "A service with names by chance whose DNS answers were not seen here."
ja = "DNS 応答が観測されていない、無作為な名前のサービス。"
+++
-- TOR's handshake names www.X.com or www.X.net, X being 8 to 20 letters a-z and digits 2-7 by chance, without a question for it. Real names of that
-- form were looked up, and are asked for at more than one connection. Names of the project and of onion services count as well.
SELECT window_start, src_ip, COUNT(DISTINCT dst_ip) AS relays, MIN(tls_sni) AS example
FROM (
    SELECT $window AS window_start, src_ip, dst_ip, tls_sni, COUNT(*) OVER (PARTITION BY $window, tls_sni) AS uses
    FROM flows
    WHERE $range AND proto = 6 AND regexp_like(tls_sni, '^www[.][a-z2-7]{8,20}[.](com|net)$') AND dst_name IS NULL
      AND dst_packets > 3
      AND (character_length(regexp_replace(tls_sni, '[^aeiou]', '', 'g')) - 1) * 100
          < (character_length(tls_sni) - 8) * 30
      AND tls_sni NOT IN (SELECT dns_query FROM flows WHERE $range AND dns_query IS NOT NULL)
) AS named
WHERE uses <= 2
GROUP BY window_start, src_ip
HAVING COUNT(DISTINCT dst_ip) >= $relays AND COUNT(DISTINCT tls_sni) >= $relays
