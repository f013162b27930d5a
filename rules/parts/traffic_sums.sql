-- What each initiator moved in the hour, and in the same hour of the weeks of the past.
SELECT $window AS hour, true AS now, src_ip, SUM(CAST((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1) AS DOUBLE)) AS octets,
       SUM(CAST((src_packets + dst_packets) * COALESCE(sampling_rate, 1) AS DOUBLE)) AS packets, CAST(COUNT(*) AS DOUBLE) AS flows,
       CAST(COUNT(*) FILTER (WHERE dst_packets = 0) AS DOUBLE) AS unanswered, CAST(COUNT(*) FILTER (WHERE proto = 17) AS DOUBLE) AS udp,
       CAST(COUNT(*) FILTER (WHERE proto NOT IN (6, 17)) AS DOUBLE) AS others, MAX(time_start) AS latest
FROM flows
WHERE $range AND duplicate_of IS NULL
GROUP BY $window, src_ip
UNION ALL
SELECT $window AS hour, false AS now, src_ip, SUM(CAST((src_bytes + dst_bytes) * COALESCE(sampling_rate, 1) AS DOUBLE)) AS octets,
       SUM(CAST((src_packets + dst_packets) * COALESCE(sampling_rate, 1) AS DOUBLE)) AS packets, CAST(COUNT(*) AS DOUBLE) AS flows,
       CAST(COUNT(*) FILTER (WHERE dst_packets = 0) AS DOUBLE) AS unanswered, CAST(COUNT(*) FILTER (WHERE proto = 17) AS DOUBLE) AS udp,
       CAST(COUNT(*) FILTER (WHERE proto NOT IN (6, 17)) AS DOUBLE) AS others, MAX(time_start) AS latest
FROM flows
WHERE $history AND duplicate_of IS NULL
  AND CAST($window AS BIGINT) % 604800000000000 = (SELECT MIN(CAST($window AS BIGINT)) % 604800000000000 FROM flows WHERE $range)
GROUP BY $window, src_ip
