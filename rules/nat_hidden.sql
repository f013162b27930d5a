+++
title = { en = "Several hosts behind one address", ja = "1 つのアドレスの背後にある複数ホスト" }
question = { en = "Does an inside address behave like several computers?", ja = "内部のアドレスが複数の端末のように振る舞っていないか。" }
severity = "low"
attack = ["T1200"]
window = "1h"
every = "5m"
method = "nat"
key = ["src_ip"]
text = { en = "{src_ip} sends with {ttls} times to live ({list}), {stacks} kinds of TCP and browsers of these systems: {systems}. At least {hosts} hosts are behind it, perhaps {likely}.", ja = "{src_ip} は {ttls} 種類の TTL（{list}）、{stacks} 種類の TCP、次の OS のブラウザー（{systems}）で送信しており、背後に少なくとも {hosts} 台、おそらく {likely} 台のホストがあります。" }
filter = "src_ip = {src_ip} and proto = tcp"

[parameters.flows]
default = 10
reason = { en = "Conversations per time to live: a trace of the way sends a few of each.", ja = "TTL ごとの会話数。経路調査では各値が数回だけ。" }

[parameters.requests]
default = 3
reason = { en = "Requests of browsers of a system: one alone may be a test.", ja = "ある OS のブラウザーによる要求の数。1 回だけなら試験かもしれない。" }

[[benign]]
en = "A developer who lets a browser name another system, or runs emulators."
ja = "ブラウザーの OS を偽装して試す、またはエミュレーターを使う開発者。"

[[benign]]
en = "A router, a firewall, a proxy or a host with virtual machines that is known."
ja = "把握済みのルーター、ファイアウォール、プロキシ、仮想マシンのホスト。"
+++
-- What opens TCP connections: time to live, length of the SYN and window scale, and the system that the browser names (method nat).
SELECT $window AS window_start, src_ip, ip_src_ttl AS ttl,
       concat(COALESCE(tcp_src_syn_bytes, 0), '/', COALESCE(tcp_src_window_scale, 0)) AS stack,
       COALESCE(http_user_agent, '') AS agent, COUNT(*) AS flows
FROM flows
WHERE $range AND proto = 6 AND tcp_src_syn_bytes IS NOT NULL AND ip_src_ttl IS NOT NULL AND COALESCE(src_local, is_private(src_ip)) AND tunnel_kind IS NULL
GROUP BY $window, src_ip, ip_src_ttl, tcp_src_syn_bytes, tcp_src_window_scale, http_user_agent
