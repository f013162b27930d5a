+++
title = { en = "A controller's talk has changed", ja = "制御機器の通信の変化" }
question = { en = "Does a pair of devices of automation that always talked alike talk otherwise now?", ja = "常に同じ調子で通信していた制御機器の組が、今は異なる通信をしていないか。" }
severity = "medium"
attack = ["T0856", "T0832"]
window = "1h"
every = "30m"
history = "3d"
text = { en = "{app} between {src_ip} and {dst_ip}: {size} octets per packet every {pause} s, where {usual_size} every {usual_pause} s are usual ({seen} records).", ja = "{src_ip} と {dst_ip} の {app}：1 パケット {size} オクテット、{pause} 秒間隔です（通常は {usual_size} オクテット、{usual_pause} 秒間隔、{seen} レコード）。" }
filter = "src_ip = {src_ip} and dst_ip = {dst_ip} and dst_port = {dst_port}"

[parameters.records]
default = 200
reason = { en = "Records in the days before, from which the pair is learned.", ja = "学習に使う過去のレコード数。" }

[parameters.differs]
default = 30
reason = { en = "Per cent by which size or pace differ.", ja = "大きさまたは間隔の差（％）。" }

[parameters.steady]
default = 15
reason = { en = "Standard deviation in per cent of the mean up to which the past counts as steady.", ja = "過去が安定とみなされる、平均に対する標準偏差（％）。" }

[[benign]]
en = "A new program in the controller, a change of what is asked for."
ja = "制御プログラムの変更、収集項目の変更。"
+++
-- Pairs by protocols of automation: mean size of packets and mean pause between records in the hour, against those of three days, where these were steady.
SELECT now.window_start, now.src_ip, now.dst_ip, now.dst_port, now.app, CAST(ROUND(now.size) AS BIGINT) AS size, CAST(ROUND(COALESCE(now.pause, 0)) AS BIGINT) AS pause,
       CAST(ROUND(before.size) AS BIGINT) AS usual_size, CAST(ROUND(before.pause) AS BIGINT) AS usual_pause, before.n AS seen
FROM (
    SELECT $window AS window_start, src_ip, dst_ip, dst_port, app, COUNT(*) AS n, AVG(size) AS size, COALESCE(stddev_pop(size), 0) AS size_sigma,
           AVG(pause) AS pause, COALESCE(stddev_pop(pause), 0) AS pause_sigma
    FROM (
        SELECT time_start, src_ip, dst_ip, dst_port, split_part(app, '.', 1) AS app, CAST(src_bytes + dst_bytes AS DOUBLE) / (src_packets + dst_packets) AS size,
               (CAST(time_start AS BIGINT) - LAG(CAST(time_start AS BIGINT)) OVER (PARTITION BY src_ip, dst_ip, dst_port ORDER BY time_start)) / 1000000000.0 AS pause
        FROM flows
        WHERE $range AND split_part(app, '.', 1) IN ('Modbus', 'S7Comm', 'S7CommPlus', 'DNP3', 'IEC60870', 'ISO9506-1-MMS', 'OPC-UA', 'EthernetIP', 'CIP', 'BACnet', 'FINS', 'HART-IP', 'IEEE-C37118', 'EtherSIO', 'Ether-S-Bus', 'BeckhoffADS', 'KNXnet_IP', 'IEC62056', 'EthernetGlobalData', 'TRDP', 'MQTT', 'ANSI_C1222', 'ATG') AND src_packets + dst_packets > 0 AND duplicate_of IS NULL
    ) AS talk
    GROUP BY $window, src_ip, dst_ip, dst_port, app
) AS now
JOIN (
    SELECT src_ip, dst_ip, dst_port, app, COUNT(*) AS n, AVG(size) AS size, COALESCE(stddev_pop(size), 0) AS size_sigma,
           AVG(pause) AS pause, COALESCE(stddev_pop(pause), 0) AS pause_sigma
    FROM (
        SELECT time_start, src_ip, dst_ip, dst_port, split_part(app, '.', 1) AS app, CAST(src_bytes + dst_bytes AS DOUBLE) / (src_packets + dst_packets) AS size,
               (CAST(time_start AS BIGINT) - LAG(CAST(time_start AS BIGINT)) OVER (PARTITION BY src_ip, dst_ip, dst_port ORDER BY time_start)) / 1000000000.0 AS pause
        FROM flows
        WHERE $history AND split_part(app, '.', 1) IN ('Modbus', 'S7Comm', 'S7CommPlus', 'DNP3', 'IEC60870', 'ISO9506-1-MMS', 'OPC-UA', 'EthernetIP', 'CIP', 'BACnet', 'FINS', 'HART-IP', 'IEEE-C37118', 'EtherSIO', 'Ether-S-Bus', 'BeckhoffADS', 'KNXnet_IP', 'IEC62056', 'EthernetGlobalData', 'TRDP', 'MQTT', 'ANSI_C1222', 'ATG') AND src_packets + dst_packets > 0 AND duplicate_of IS NULL
    ) AS talk
    GROUP BY src_ip, dst_ip, dst_port, app
) AS before ON now.src_ip = before.src_ip AND now.dst_ip = before.dst_ip AND now.dst_port = before.dst_port AND now.app = before.app
WHERE before.n >= $records AND now.n >= 10
  AND ((before.size_sigma * 100 <= before.size * $steady AND ABS(now.size - before.size) * 100 > before.size * $differs)
    OR (before.pause_sigma * 100 <= before.pause * $steady AND ABS(now.pause - before.pause) * 100 > before.pause * $differs))
