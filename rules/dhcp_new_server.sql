+++
title = { en = "New DHCP server", ja = "新しい DHCP サーバー" }
question = { en = "Does an address hand out leases that has not done so before?", ja = "これまで配布していなかったアドレスが DHCP の貸し出しを行っていないか。" }
severity = "high"
attack = ["T1557.003"]
window = "1h"
every = "30m"
history = "7d"
key = ["src_ip"]
text = { en = "{src_ip} answered {leases} DHCP requests; in the days before, {known} other server(s) did, and this one did not.", ja = "{src_ip} が {leases} 件の DHCP 要求に応答しました。これまでは別の {known} 台のサーバーが応答していました。" }
filter = "src_ip = {src_ip} and dhcp_message in [offer ack]"

[parameters.days]
default = 2
reason = { en = "Days on which DHCP has been seen: before, every server is new.", ja = "DHCP を観測した日数。これ未満ではすべてのサーバーが新しい。" }

[[benign]]
en = "A second server or a relay that was set up on purpose."
ja = "意図して設置した 2 台目のサーバーやリレー。"

[[benign]]
en = "A telephone or a virtual machine that shares its connection."
ja = "接続を共有するスマートフォンや仮想マシン。"
+++
-- Offers and acknowledgements by the address that sent them from port 67, against those of the history.
WITH served AS (
    SELECT $window AS window_start, CASE WHEN src_port = 67 AND src_packets > 0 AND dhcp_message IN ('offer', 'ack') THEN src_ip ELSE dst_ip END AS src_ip
    FROM flows
    WHERE $range AND split_part(app, '.', 1) = 'DHCP'
      AND ((src_port = 67 AND src_packets > 0 AND dhcp_message IN ('offer', 'ack')) OR (dst_port = 67 AND dst_packets > 0 AND dst_ip <> '255.255.255.255'))
),
known AS (
    SELECT DISTINCT CASE WHEN src_port = 67 AND src_packets > 0 AND dhcp_message IN ('offer', 'ack') THEN src_ip ELSE dst_ip END AS server
    FROM flows
    WHERE $history AND split_part(app, '.', 1) = 'DHCP'
      AND ((src_port = 67 AND src_packets > 0 AND dhcp_message IN ('offer', 'ack')) OR (dst_port = 67 AND dst_packets > 0 AND dst_ip <> '255.255.255.255'))
)
SELECT window_start, src_ip, COUNT(*) AS leases, (SELECT COUNT(*) FROM known) AS known
FROM served
WHERE src_ip NOT IN (SELECT server FROM known)
  AND (SELECT COUNT(DISTINCT date_bin(INTERVAL '1 day', time_start)) FROM flows WHERE $history AND split_part(app, '.', 1) = 'DHCP') >= $days
GROUP BY window_start, src_ip
