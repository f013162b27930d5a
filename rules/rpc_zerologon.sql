+++
title = { en = "Login at a domain controller by zeros", ja = "ゼロ値によるドメインコントローラーへの認証" }
question = { en = "Does a host try to log in at a domain controller with a proof of zeros, again and again, until one is taken?", ja = "ホストが、ゼロだけの認証値を受け入れられるまで繰り返し送っていないか。" }
severity = "critical"
attack = ["T1210"]
window = "5m"
every = "30s"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} tried to log in at {dst_ip} by the secure channel {calls} times within five minutes (with zeros: {zeros} connections).", ja = "{src_ip} が 5 分間に {dst_ip} へセキュアチャネルの認証を {calls} 回試みました（ゼロ値の接続 {zeros} 件）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dcerpc_interfaces = netlogon"

[parameters.zeros]
default = 1
reason = { en = "A proof is encrypted: zeros come by chance once in 2^64.", ja = "認証値は暗号化されており、偶然ゼロになるのは 2^64 に 1 回。" }

[parameters.calls]
default = 60
reason = { en = "A member needs two calls, and as many after a refusal; the attack needs 256 tries of two calls on average.", ja = "メンバーに必要なのは 2 回、拒否後も同数。この攻撃は平均 256 回（1 回につき 2 呼び出し）試す。" }

[[benign]]
en = "A test of the hole (CVE-2020-1472) that is allowed."
ja = "許可された脆弱性（CVE-2020-1472）の検査。"
+++
-- MS-NRPC: challenge and proof by connections that do nothing else; where they are sealed, by their number only.
SELECT $window AS window_start, src_ip, dst_ip, SUM(dcerpc_calls) AS calls, COUNT(*) FILTER (WHERE dcerpc_zero_credential) AS zeros
FROM flows
WHERE $range AND array_has(dcerpc_interfaces, 'netlogon')
  AND regexp_like(array_to_string(dcerpc_operations, ' '), '^(netlogon[.](NetrServerReqChallenge|NetrServerAuthenticate[23]?|NetrServerPasswordSet2?|NetrLogonGetCapabilities) ?)+$')
GROUP BY $window, src_ip, dst_ip
HAVING COUNT(*) FILTER (WHERE dcerpc_zero_credential) >= $zeros OR SUM(dcerpc_calls) >= $calls
