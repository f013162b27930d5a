+++
title = { en = "Tickets with a weak cipher for many services", ja = "多数のサービスの弱い暗号によるチケット要求" }
question = { en = "Does a host fetch tickets of many services with a cipher whose key can be guessed at leisure?", ja = "ホストが、鍵を手元で推測できる暗号のチケットを多数のサービスについて取得していないか。" }
severity = "high"
attack = ["T1558.003"]
window = "10m"
every = "1m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} fetched tickets with RC4 or DES for {services} services from {dst_ip} within ten minutes, such as {example}.", ja = "{src_ip} が 10 分間に {dst_ip} から RC4 または DES のチケットを {services} サービス分取得しました（例：{example}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and app = Kerberos"

[parameters.services]
default = 5
reason = { en = "A program needs tickets of one or two services of accounts at a time, and RC4 has been the exception since AES is supported (2008).", ja = "プログラムが一度に必要とするのは 1〜2 サービス。AES 対応（2008 年）以降 RC4 は例外。" }

[[benign]]
en = "A domain whose service accounts still have RC4 keys only, at the start of a session."
ja = "サービスアカウントが RC4 鍵しか持たないドメインでのセッション開始時。"
+++
-- Tickets for services (RFC 4120 §3.3) by the cipher of the ticket. Classes of services that machines run do not count: their keys are long and by chance.
SELECT $window AS window_start, src_ip, dst_ip, COUNT(DISTINCT lower(kerberos_service)) AS services, MIN(kerberos_service) AS example
FROM flows
WHERE $range AND kerberos_message IN ('tgs_req', 'tgs_rep') AND kerberos_ticket_etype IN (1, 3, 23, 24)
  AND NOT regexp_like(lower(kerberos_service), '^(krbtgt|host|cifs|ldap|gc|dns|rpcss|protectedstorage|termsrv|wsman|restrictedkrbhost)(/|$)')
  AND kerberos_service NOT LIKE '%$'
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(DISTINCT lower(kerberos_service)) >= $services
