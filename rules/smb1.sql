+++
title = { en = "SMB version 1", ja = "SMB バージョン 1" }
question = { en = "Is the version of SMB still in use that worms spread by?", ja = "ワームの拡散に使われる古い SMB が使われていないか。" }
severity = "low"
attack = ["T1210"]
window = "1h"
every = "5m"
text = { en = "{src_ip} and {dst_ip} use SMB 1 ({connections} connections).", ja = "{src_ip} と {dst_ip} が SMB 1 を使っています（{connections} 接続）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "One is enough: version 1 has no fix.", ja = "1 回で十分。バージョン 1 に修正はない。" }

[[benign]]
en = "An old printer, scanner or machine."
ja = "古いプリンター、スキャナー、機械。"
+++
-- Version 1 that the server agreed on; the offer of a client that goes on with a later version does not count.
SELECT $window AS window_start, src_ip, dst_ip, dst_port, COUNT(*) AS connections
FROM flows
WHERE $range AND (smb_dialect = 'SMB 1' OR (smb_dialect IS NULL AND split_part(app, '.', 1) = 'SMBv1')) AND proto = 6 AND dst_packets > 3
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
