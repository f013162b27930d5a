+++
title = { en = "Name that tells somebody of a hole", ja = "脆弱性の発見を知らせる名前" }
question = { en = "Does a host ask for a name of a service that reports who asked, as testers and attackers use to find holes?", ja = "攻撃者や試験者が脆弱性の確認に使う、問い合わせ元を報告するサービスの名前を、ホストが尋ねていないか。" }
severity = "high"
attack = ["T1190", "T1071.004"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} asked for {name}: a program of this host was probably made to by a request from outside.", ja = "{src_ip} が {name} を尋ねました。外部からの要求によって、このホストのプログラムが実行した可能性があります。" }
filter = "src_ip = {src_ip}"

[parameters.flows]
default = 1
reason = { en = "Nothing of everyday uses these names.", ja = "日常の用途では使われない名前。" }

[[benign]]
en = "A test of security that is allowed."
ja = "許可されたセキュリティ試験。"
+++
SELECT window_start, MIN(flow_first) AS flow_first, MAX(flow_last) AS flow_last, src_ip, MAX(name) AS name, COUNT(*) AS flows
FROM (
    SELECT $window AS window_start, time_start AS flow_first, time_end AS flow_last, src_ip, lower(COALESCE(dns_query, tls_sni, http_host)) AS name
    FROM flows
    WHERE $range AND COALESCE(dns_query, tls_sni, http_host) IS NOT NULL
) AS asked
WHERE regexp_like(name, '[.](interact[.]sh|interactsh[.]com|oast[.](pro|live|site|online|fun|me)|burpcollaborator[.]net|oastify[.]com|dnslog[.](cn|store|link)|ceye[.]io|bxss[.]me|requestbin[.]net|pingb[.]in|dnsbin[.]zhack[.]ca|tu4[.]org|r87[.]me|canarytokens[.](com|org))$')
GROUP BY window_start, src_ip
HAVING COUNT(*) >= $flows
