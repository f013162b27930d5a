+++
title = { en = "Many texts asked of one domain", ja = "1 ドメインへの多数のテキスト要求" }
question = { en = "Does a host ask one domain for many texts or data of no known kind, as programs do that are commanded over DNS?", ja = "DNS で指令を受けるプログラムのように、ホストが 1 つのドメインへ多数のテキストや未知種別のデータを要求していないか。" }
severity = "medium"
attack = ["T1071.004"]
window = "1h"
every = "5m"
key = ["src_ip", "domain"]
text = { en = "{src_ip} asked {domain} for {questions} records of type {type} within an hour, by {names} different names ({octets} octets of answers).", ja = "{src_ip} が 1 時間に {domain} へ {type} レコードを {questions} 件要求しました（異なる名前 {names} 個、応答 {octets} オクテット）。" }
filter = "src_ip = {src_ip} and dns_query ~ \"*{domain}\""

[parameters.names]
default = 20
reason = { en = "Texts are asked for once of a domain that mail comes from; other programs ask for few.", ja = "テキストは、メールの送信元ドメインごとに一度尋ねる程度。" }

[[benign]]
en = "A mail server that asks a list of senders of spam for texts."
ja = "迷惑メールリストへテキストを問い合わせるメールサーバー。"

[[benign]]
en = "A virus scanner that asks its maker by DNS."
ja = "DNS でメーカーに照会するウイルス対策。"
+++
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, domain, MAX(kind) AS type, COUNT(*) AS questions, COUNT(DISTINCT dns_query) AS names, SUM(octets) AS octets
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, dns_query, dns_qtype AS kind, COALESCE(dns_answer_bytes, 0) AS octets,
           regexp_replace(lower(dns_query), '^.*?([^.]+[.](?:(?:co|com|net|org|ac|ad|ed|go|gr|lg|ne|or|gov|edu|gob|gub)[.])?[^.]+)[.]?$', '\1') AS domain
    FROM flows
    WHERE $range AND dns_query IS NOT NULL AND split_part(app, '.', 1) = 'DNS' AND (dns_qtype IN ('TXT', 'NULL', 'KEY', 'CERT') OR dns_qtype LIKE 'TYPE65%')
      AND NOT regexp_like(lower(dns_query), '([.](arpa|local|lan|home|internal)[.]?$|_(spf|dmarc|domainkey|acme-challenge|dns-sd)|_tcp|_udp|dnscrypt-cert|dnsbl|zen[.]spamhaus|spamcop|surbl|uribl)')
) AS asked
WHERE dns_query <> domain
GROUP BY window_start, src_ip, domain
HAVING COUNT(DISTINCT dns_query) >= $names
