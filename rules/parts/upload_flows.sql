-- Flows to the outside of the pairs that send enough; the others are sorted out by one number of both addresses, which others can
-- have by chance.
SELECT o.time_start, o.time_end, o.src_ip, o.dst_ip, o.src_bytes, o.dst_bytes, o.sampling_rate, o.tls_sni, o.http_host, o.dst_name
FROM (
    SELECT time_start, time_end, src_ip, dst_ip, src_bytes, dst_bytes, sampling_rate, tls_sni, http_host, dst_name, hash(src_ip, dst_ip) AS pair
    FROM flows
    WHERE $all AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
) AS o
JOIN (
    SELECT hash(src_ip, dst_ip) AS pair
    FROM flows
    WHERE $all AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
    GROUP BY 1
    HAVING SUM(src_bytes * COALESCE(sampling_rate, 1)) >= $megabytes * 1000000
) AS m ON o.pair = m.pair
