+++
title = { en = "Tunnel in DNS names", ja = "DNS 名を使ったトンネル" }
question = { en = "Are very many long names of one domain asked for, as a tunnel does that hides data in them?", ja = "データを隠すトンネルのように、1 つのドメインの長い名前が大量に問い合わされていないか。" }
severity = "high"
attack = ["T1071.004", "T1048", "T1572"]
window = "1h"
every = "5m"
key = ["src_ip", "domain"]
text = { en = "{src_ip} asked within an hour for {names} different names of {domain}, whose own part has {length} characters on average.", ja = "{src_ip} が 1 時間に {domain} の異なる名前を {names} 個問い合わせました（先頭部分は平均 {length} 文字）。" }
filter = "src_ip = {src_ip} and dns_query ~ \"*{domain}\""

[parameters.names]
default = 100
reason = { en = "The first of the four steps of published practice (100, 500, 800 and 1000 names of one domain).", ja = "公開された実務の 4 段階（1 ドメインあたり 100・500・800・1000 個）の 1 段目。" }

[parameters.length]
default = 24
reason = { en = "Names of hosts have some eight characters; a tunnel fills what a name can hold.", ja = "ホスト名は 8 文字程度。トンネルは名前の上限近くまで使う。" }

[[benign]]
en = "A virus scanner that asks its maker about files by their checksums."
ja = "ファイルのチェックサムをメーカーへ照会するウイルス対策ソフト。"

[[benign]]
en = "A list of senders of spam or of devices that is asked by DNS."
ja = "DNS で照会する迷惑メール送信元や機器の一覧。"
+++
-- Distinct names below a registered domain, with second levels such as co.jp. Names of addresses (arpa) and of the local link do
-- not count.
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, domain, COUNT(*) AS names,
       CAST(AVG(character_length(dns_query) - character_length(domain) - 1) AS BIGINT) AS length
FROM (
    SELECT $window AS window_start, MIN(time_start) AS flow_first, MAX(time_end) AS flow_last, src_ip, dns_query, regexp_replace(lower(dns_query), '^.*?([^.]+[.](?:(?:co|com|net|org|ac|ad|ed|go|gr|lg|ne|or|gov|edu|gob|gub)[.])?[^.]+)[.]?$', '\1') AS domain
    FROM flows
    WHERE $range AND dns_query IS NOT NULL AND split_part(app, '.', 1) = 'DNS'
      AND character_length(dns_query) >= 24 AND NOT regexp_like(lower(dns_query), '[.](arpa|local|lan|home|internal)[.]?$')
    GROUP BY $window, src_ip, dns_query
) AS asked
WHERE dns_query <> domain
GROUP BY window_start, src_ip, domain
HAVING COUNT(*) > $names AND AVG(character_length(dns_query) - character_length(domain) - 1) >= $length
