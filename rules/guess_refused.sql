+++
title = { en = "Logins refused again and again", ja = "繰り返し拒否されるログイン" }
question = { en = "Does a server tell one address again and again that its login is refused?", ja = "サーバーが 1 つのアドレスのログインを繰り返し拒否していないか。" }
severity = "high"
attack = ["T1110.001"]
window = "5m"
hop = "150s"
every = "30s"
text = { en = "{dst_ip} refused {refused} logins of {src_ip} by {service} within five minutes ({accounts} different accounts).", ja = "{dst_ip} が 5 分間に {src_ip} の {service} によるログインを {refused} 回拒否しました（アカウント {accounts} 種類）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.refused]
default = 10
reason = { en = "Accounts are locked after ten wrong passwords where the vendor's advice is followed; a person gives up before.", ja = "ベンダーの推奨ではパスワード 10 回の誤りでアカウントがロックされる。人はその前に諦める。" }

[[benign]]
en = "A program that logs in with a stale password and tries again at once."
ja = "古いパスワードでログインし、すぐに再試行するプログラム。"
+++
-- Refusals that the server told in clear: FTP, mail, web (Basic, Digest), LDAP, SMB, Kerberos, databases. Where it does not, guess_password
-- goes by sizes and needs more of them. An account that does not exist refuses no password: guess_accounts counts those.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(split_part(COALESCE(app, 'Unknown'), '.', 1)) AS service, SUM(login_failed) AS refused,
       COUNT(DISTINCT COALESCE(kerberos_client, ntlm_user, ldap_user, ftp_user, sql_user)) AS accounts
FROM flows
WHERE $range AND login_failed > 0 AND duplicate_of IS NULL AND COALESCE(kerberos_error, '') <> 'client_unknown'
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING SUM(login_failed) >= $refused
