-- Conversations with services that people log in to. A conversation is a source port, so that parts of a long session count once.
SELECT $window AS window_start, src_ip, src_port, dst_ip, dst_port, service, MIN(time_start) AS began, MAX(time_end) AS ended,
       SUM(src_bytes) AS sent, SUM(dst_bytes) AS received, SUM(dst_packets) AS answers,
       (CAST(MAX(time_end) AS BIGINT) - CAST(MIN(time_start) AS BIGINT)) / 1000000000 AS seconds
FROM (
    SELECT time_start, time_end, src_ip, src_port, dst_ip, dst_port, src_bytes, dst_bytes, dst_packets, $part.login_service AS service
    FROM flows
    WHERE $range AND proto = 6 AND dst_packets > 1 AND duplicate_of IS NULL
) AS named
WHERE service IS NOT NULL
GROUP BY $window, src_ip, src_port, dst_ip, dst_port, service
