+++
title = { en = "Domains that a program made up", ja = "プログラムが生成したようなドメイン" }
question = { en = "Does a host ask for several domains whose names no person would choose?", ja = "人が選ばないような名前のドメインを、ホストがいくつも問い合わせていないか。" }
severity = "medium"
attack = ["T1568.002"]
window = "1h"
every = "5m"
method = "dga"
key = ["src_ip"]
text = { en = "{src_ip} asked for {domains} domains within an hour that look made up, such as {example} ({bits} bits in each letter on average, where names that people choose have 3 to 4); {missing} of them do not exist.", ja = "{src_ip} が 1 時間に、生成されたようなドメインを {domains} 個問い合わせました（例：{example}、1 文字平均 {bits} ビット。人が選ぶ名前は 3〜4 ビット）。うち {missing} 個は存在しません。" }
filter = "src_ip = {src_ip} and app = DNS"

[parameters.domains]
default = 8
reason = { en = "A single odd name may be a brand or a tracker; programs that make up names try one after another.", ja = "1 つの奇妙な名前はブランドや計測かもしれない。名前を生成するプログラムは次々に試す。" }

[parameters.missing]
default = 3
reason = { en = "Most made-up names are not registered; trackers exist.", ja = "生成された名前の大半は未登録。計測用ドメインは存在する。" }

[[benign]]
en = "A network of advertisements with names by chance."
ja = "無作為な名前を使う広告ネットワーク。"
+++
-- The label below the registry, judged by how its letters follow each other (method dga). Names of addresses and of the local
-- link do not count.
SELECT $window AS window_start, src_ip,
       regexp_replace(lower(dns_query), '^.*?([^.]+[.](?:(?:co|com|net|org|ac|ad|ed|go|gr|lg|ne|or|gov|edu|gob|gub|ddns|dyndns|no-ip|hopto|zapto|sytes|duckdns|dynu|mooo|yi)[.])?[^.]+)[.]?$', '\1') AS domain,
       BOOL_AND(COALESCE(dns_rcode = 'nxdomain', false)) AS missing
FROM flows
WHERE $range AND dns_query LIKE '%.%' AND NOT regexp_like(lower(dns_query), '[.](arpa|local|lan|home|internal|localdomain|corp|workgroup)[.]?$')
GROUP BY $window, src_ip, regexp_replace(lower(dns_query), '^.*?([^.]+[.](?:(?:co|com|net|org|ac|ad|ed|go|gr|lg|ne|or|gov|edu|gob|gub|ddns|dyndns|no-ip|hopto|zapto|sytes|duckdns|dynu|mooo|yi)[.])?[^.]+)[.]?$', '\1')
