+++
title = { en = "Services asked what they are", ja = "サービスの種類の調査" }
question = { en = "Does one address speak several protocols to the same port, as a tool does that finds out which service is there?", ja = "1 つのアドレスが、サービスの種類を調べるツールのように、同じポートへ複数のプロトコルで話しかけていないか。" }
severity = "medium"
attack = ["T1046"]
window = "10m"
every = "1m"
key = ["src_ip", "dst_ip"]
text = { en = "{src_ip} spoke {protocols} on {ports} port(s) of {dst_ip} within ten minutes, {foreign} more than there are ports.", ja = "{src_ip} が 10 分間に {dst_ip} の {ports} 個のポートへ {protocols} で話しかけました（ポート数より {foreign} 多い組み合わせ）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and proto = tcp"

[parameters.foreign]
default = 3
reason = { en = "One port may have two protocols, such as a proxy for the web; three foreign ones want a tool that tries.", ja = "Web プロキシのように 1 つのポートに 2 つのプロトコルはあり得るが、3 つの余分は試すツール。" }

[[benign]]
en = "A scanner of vulnerabilities that is allowed to do this."
ja = "許可された脆弱性スキャナー。"
+++
-- Protocols by their content over TCP. What goes over to TLS has a name of its own, so that it is one.
SELECT window_start, src_ip, dst_ip, COUNT(DISTINCT dst_port) AS ports, COUNT(*) - COUNT(DISTINCT dst_port) AS foreign,
       array_to_string(array_sort(array_agg(DISTINCT protocol)), ', ') AS protocols
FROM (
    SELECT DISTINCT $window AS window_start, src_ip, dst_ip, dst_port, split_part(app, '.', 1) AS protocol
    FROM flows
    WHERE $range AND proto = 6 AND split_part(app, '.', 1) IN ('HTTP', 'TLS', 'DNS', 'SMBv1', 'SMBv23', 'SIP', 'RTSP', 'LDAP', 'Kerberos', 'SSH',
        'FTP_CONTROL', 'SMTP', 'POP3', 'IMAP', 'MySQL', 'PostgreSQL', 'RDP', 'CORBA', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP', 'VNC', 'Telnet',
        'SOCKS', 'Memcached', 'AJP', 'JRMI', 'DCERPC', 'NFS')
) AS spoken
GROUP BY window_start, src_ip, dst_ip
HAVING COUNT(*) - COUNT(DISTINCT dst_port) >= $foreign
