+++
title = { en = "Many domains that do not exist", ja = "存在しないドメインへの多数の問い合わせ" }
question = { en = "Does a host ask for many different domains that do not exist?", ja = "ホストが、存在しない多数の異なるドメインを問い合わせていないか。" }
severity = "medium"
attack = ["T1568.002"]
window = "10m"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} asked for {domains} different domains within ten minutes that do not exist, such as {example}.", ja = "{src_ip} が 10 分間に存在しないドメインを {domains} 個問い合わせました（例：{example}）。" }
filter = "src_ip = {src_ip} and dns_rcode = nxdomain"

[parameters.domains]
default = 20
reason = { en = "A person mistypes once; what is retried with each search suffix is one domain. Programs that make up their domains try dozens.", ja = "人の打ち間違いは 1 回。検索サフィックスの再試行は同じドメイン。ドメインを生成するプログラムは数十個を試す。" }

[parameters.share]
default = 40
reason = { en = "Per cent of all domains that the host asked for.", ja = "ホストが問い合わせた全ドメインに占める割合（％）。" }

[[benign]]
en = "A mail server that checks senders."
ja = "送信元を確かめるメールサーバー。"

[[benign]]
en = "A crawler or a security tool that looks for domains."
ja = "ドメインを探すクローラーやセキュリティツール。"
+++
-- Registered domains, so that many hosts of one domain are one. Names without a dot, of addresses and of the local link do not count.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, COUNT(*) FILTER (WHERE missing) AS domains, MIN(domain) FILTER (WHERE missing) AS example
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, regexp_replace(lower(dns_query), '^.*?([^.]+[.](?:(?:co|com|net|org|ac|ad|ed|go|gr|lg|ne|or|gov|edu|gob|gub|ddns|dyndns|no-ip|hopto|zapto|sytes|duckdns|dynu|mooo|yi)[.])?[^.]+)[.]?$', '\1') AS domain, BOOL_AND(dns_rcode = 'nxdomain') AS missing
    FROM flows
    WHERE $range AND dns_query LIKE '%.%' AND dns_rcode IS NOT NULL
      AND NOT regexp_like(lower(dns_query), '[.](arpa|local|lan|home|internal|localdomain|corp|workgroup)[.]?$')
    GROUP BY $window, src_ip, regexp_replace(lower(dns_query), '^.*?([^.]+[.](?:(?:co|com|net|org|ac|ad|ed|go|gr|lg|ne|or|gov|edu|gob|gub|ddns|dyndns|no-ip|hopto|zapto|sytes|duckdns|dynu|mooo|yi)[.])?[^.]+)[.]?$', '\1')
) AS asked
GROUP BY window_start, src_ip
HAVING COUNT(*) FILTER (WHERE missing) >= $domains AND COUNT(*) FILTER (WHERE missing) * 100 >= COUNT(*) * $share
