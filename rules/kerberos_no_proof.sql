+++
title = { en = "Ticket given without a proof, by a weak cipher", ja = "事前認証なし・弱い暗号のチケット" }
question = { en = "Does a host get a first ticket of an account without proving its password, and ask for a cipher by which it can be guessed?", ja = "ホストが、パスワードの証明なしに、推測可能な暗号でアカウントの最初のチケットを得ていないか。" }
severity = "medium"
attack = ["T1558.004"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} got tickets of {accounts} account(s), such as {example}, from {dst_ip} without a proof and with RC4 only.", ja = "{src_ip} が {dst_ip} から、事前認証なし・RC4 のみで {accounts} アカウント（例：{example}）のチケットを得ました。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and app = Kerberos"

[parameters.accounts]
default = 1
reason = { en = "No program of today asks for RC4 only, and no account should go without a proof.", ja = "現在のプログラムは RC4 だけを要求せず、事前認証なしのアカウントもあってはならない。" }

[[benign]]
en = "A very old client."
ja = "非常に古いクライアント。"
+++
-- AS-REP roasting: granted without preauthentication (RFC 4120 §5.2.7) to a client that offers no AES (17 to 20).
SELECT $window AS window_start, src_ip, dst_ip, COUNT(DISTINCT kerberos_client) AS accounts, COALESCE(MIN(kerberos_client), '') AS example
FROM flows
WHERE $range AND kerberos_preauth = false AND array_has_any(kerberos_etypes, [23, 24, 3, 1]) AND NOT array_has_any(kerberos_etypes, [17, 18, 19, 20])
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(DISTINCT kerberos_client) >= $accounts
