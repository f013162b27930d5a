+++
title = { en = "Several hosts behind one address", ja = "1 つのアドレスの背後にある複数ホスト" }
question = { en = "Does an inside address behave like several computers?", ja = "内部のアドレスが複数の端末のように振る舞っていないか。" }
severity = "low"
attack = ["T1200"]
window = "1h"
every = "5m"
key = ["src_ip"]
text = { en = "{src_ip} sends with {ttls} times to live ({list}) and {stacks} kinds of TCP: at least {hosts} hosts are behind it.", ja = "{src_ip} は {ttls} 種類の TTL（{list}）と {stacks} 種類の TCP で送信しており、背後に少なくとも {hosts} 台のホストがあります。" }
filter = "src_ip = {src_ip} and proto = tcp"

[parameters.flows]
default = 10
reason = { en = "Conversations per time to live: a trace of the way sends a few of each.", ja = "TTL ごとの会話数。経路調査では各値が数回だけ。" }

[[benign]]
en = "A router, a firewall, a proxy or a host with virtual machines that is known."
ja = "把握済みのルーター、ファイアウォール、プロキシ、仮想マシンのホスト。"
+++
-- One system sends with one time to live (64, 128 or 255 less the steps to here). Several of them, together with several kinds
-- of SYN (length and window scale), want several systems: as many as there are times to live, at least.
SELECT window_start, src_ip, COUNT(DISTINCT ttl) AS ttls, COUNT(DISTINCT stack) AS stacks, COUNT(DISTINCT ttl) AS hosts,
       array_to_string(array_agg(DISTINCT ttl ORDER BY ttl), ', ') AS list
FROM (
    SELECT $window AS window_start, src_ip, ip_src_ttl AS ttl,
           concat(COALESCE(tcp_src_syn_bytes, 0), '/', COALESCE(tcp_src_window_scale, 0)) AS stack,
           SUM(COUNT(*)) OVER (PARTITION BY $window, src_ip, ip_src_ttl) AS flows
    FROM flows
    WHERE $range AND proto = 6 AND tcp_src_syn_bytes IS NOT NULL AND ip_src_ttl IS NOT NULL AND COALESCE(src_local, is_private(src_ip)) AND tunnel_kind IS NULL
    GROUP BY $window, src_ip, ip_src_ttl, tcp_src_syn_bytes, tcp_src_window_scale
) AS senders
WHERE flows >= $flows
GROUP BY window_start, src_ip
HAVING COUNT(DISTINCT ttl) >= 2 AND COUNT(DISTINCT stack) >= 2
