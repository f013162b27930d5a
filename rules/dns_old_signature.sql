+++
title = { en = "Old signature in DNS", ja = "DNS の古い署名レコード" }
question = { en = "Is a record of type SIG asked for over TCP, as where a hole of Windows DNS servers is used?", ja = "Windows DNS サーバーの脆弱性を突く場合のように、TCP で SIG レコードが要求されていないか。" }
severity = "high"
attack = ["T1210"]
window = "1h"
every = "5m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} asked {dst_ip} over TCP for the record SIG of {name}; the answer has {octets} octets.", ja = "{src_ip} が {dst_ip} へ TCP で {name} の SIG レコードを要求しました（応答 {octets} オクテット）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and app = DNS"

[parameters.octets]
default = 10000
reason = { en = "The hole needs an answer of nearly 64 KiB; signatures are below 1 KiB.", ja = "この脆弱性には 64 KiB 近い応答が必要。通常の署名は 1 KiB 未満。" }

[[benign]]
en = "A test of the hole (CVE-2020-1350) that is allowed."
ja = "許可された脆弱性（CVE-2020-1350）の検査。"
+++
-- SIG was replaced by RRSIG (RFC 3755); what is left of it signs messages (RFC 2931) and is asked for by nobody.
SELECT $window AS window_start, src_ip, dst_ip, COALESCE(MAX(dns_query), '') AS name, MAX(dst_bytes) AS octets
FROM flows
WHERE $range AND dns_qtype = 'SIG' AND proto = 6 AND dst_bytes >= $octets
GROUP BY $window, src_ip, dst_ip
