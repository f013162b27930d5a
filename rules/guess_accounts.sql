+++
title = { en = "Logins of many accounts refused", ja = "多数のアカウントのログイン拒否" }
question = { en = "Does one address try a login of many different accounts, few times each?", ja = "1 つのアドレスが、多数のアカウントのログインを少しずつ試していないか。" }
severity = "high"
attack = ["T1110.003", "T1087.002"]
window = "10m"
every = "30s"
key = ["src_ip"]
text = { en = "{src_ip} was refused as {accounts} different accounts within ten minutes ({refused} times by {hosts} hosts, such as {example}).", ja = "{src_ip} が 10 分間に {accounts} 種類のアカウントでログインを拒否されました（{hosts} 台で {refused} 回、例：{example}）。" }
filter = "src_ip = {src_ip} and login_failed > 0"

[parameters.accounts]
default = 8
reason = { en = "People share a terminal server, but do not all mistype within ten minutes.", ja = "ターミナルサーバーを共有する人々が、10 分間に揃って打ち間違えることはない。" }

[[benign]]
en = "A gateway that checks passwords for others, at the start of work."
ja = "始業時に、他のために認証するゲートウェイ。"
+++
-- Accounts by the name of the login; of a conversation with several the first one.
SELECT $window AS window_start, src_ip, COUNT(DISTINCT account) AS accounts, COUNT(DISTINCT dst_ip) AS hosts, SUM(login_failed) AS refused,
       MIN(account) AS example
FROM (
    SELECT time_start, src_ip, dst_ip, login_failed, lower(COALESCE(kerberos_client, ntlm_user, ldap_user, ftp_user, sql_user)) AS account
    FROM flows
    WHERE $range AND login_failed > 0 AND duplicate_of IS NULL
) AS refusals
WHERE account IS NOT NULL
GROUP BY $window, src_ip
HAVING COUNT(DISTINCT account) >= $accounts
