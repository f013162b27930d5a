+++
title = { en = "Outside name with an inside address", ja = "外部の名前が内部アドレスを指す" }
question = { en = "Does a name server outside say that a name is at an inside address, as where a page wants to reach our devices (DNS rebinding)?", ja = "ページが内部機器への接続を狙う場合（DNS リバインディング）のように、外部の DNS サーバーが名前に内部アドレスを答えていないか。" }
severity = "low"
attack = ["T1557", "T1189"]
window = "1h"
every = "5m"
key = ["src_ip", "name"]
text = { en = "{src_ip} asked the name server {dst_ip} for {name} and got the inside address {address} ({answers} answers, good for {ttl} s).", ja = "{src_ip} が DNS サーバー {dst_ip} に {name} を尋ね、内部アドレス {address} の応答を得ました（{answers} 件、TTL {ttl} 秒）。" }
filter = "src_ip = {src_ip} and dns_query = {name}"

[parameters.ttl]
default = 60
reason = { en = "Seconds: who wants to change the address at once says that it is good for moments; names of ones own are good for longer.", ja = "秒。すぐにアドレスを切り替える者は短い有効期間を返す。自組織の名前はこれより長い。" }

[[benign]]
en = "Names of makers that lead to their device in the same network, such as media servers; services that turn an address into a name."
ja = "同じ網の機器を指すメーカーの名前（メディアサーバーなど）や、アドレスを名前にするサービス。"
+++
-- Answers of outside servers with an address of private use (RFC 1918) or of the host itself, for names that are not local. 0.0.0.0 is what filters answer.
SELECT $window AS window_start, src_ip, dst_ip, dns_query AS name, MIN(array_to_string(dns_answers, ' ')) AS address, COUNT(*) AS answers, MIN(dns_ttl_secs) AS ttl
FROM flows
WHERE $range AND dns_query IS NOT NULL AND dns_ttl_secs <= $ttl AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
  AND regexp_like(array_to_string(dns_answers, ' '), '(^| )(10[.]|192[.]168[.]|172[.](1[6-9]|2[0-9]|3[01])[.]|127[.]|169[.]254[.])[0-9.]+( |$)')
  AND NOT regexp_like(lower(dns_query), '(^|[.])(localhost|local|lan|home|internal|intranet|corp|localdomain|arpa|plex[.]direct)[.]?$')
GROUP BY $window, src_ip, dst_ip, dns_query
