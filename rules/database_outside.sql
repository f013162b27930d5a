+++
title = { en = "Database reached from outside", ja = "外部からのデータベース接続" }
question = { en = "Does a host outside talk with a database inside, and does that answer?", ja = "外部のホストが内部のデータベースと通信し、応答を得ていないか。" }
severity = "medium"
attack = ["T1190", "T1213"]
window = "1h"
every = "5m"
text = { en = "{src_ip} from outside talks {app} with {dst_ip} (port {dst_port}): {connections} connections, {kilobytes} kB sent to it, user {user}.", ja = "外部の {src_ip} が {dst_ip}（ポート {dst_port}）と {app} で通信しています（接続 {connections} 件、送出 {kilobytes} kB、利用者 {user}）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.connections]
default = 1
reason = { en = "Databases are for servers beside them.", ja = "データベースは隣のサーバーのためのもの。" }

[[benign]]
en = "An application outside that uses the database on purpose."
ja = "データベースを意図して使う外部のアプリケーション。"
+++
SELECT $window AS window_start, src_ip, dst_ip, dst_port, MAX(app) AS app, COUNT(*) AS connections, CAST(SUM(dst_bytes) / 1000 AS BIGINT) AS kilobytes, COALESCE(MAX(sql_user), '') AS user
FROM flows
WHERE $range AND split_part(app, '.', 1) IN ('MySQL', 'PostgreSQL', 'MsSQL-TDS', 'Oracle', 'MongoDB', 'RESP', 'Memcached', 'Elasticsearch', 'Cassandra', 'ClickHouse')
  AND dst_packets > 0 AND src_packets > 0 AND NOT COALESCE(src_local, is_private(src_ip)) AND COALESCE(dst_local, is_private(dst_ip))
GROUP BY $window, src_ip, dst_ip, dst_port
HAVING COUNT(*) >= $connections
