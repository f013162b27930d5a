-- Flows of the pairs that have enough of them and cover enough time: most pairs do not, and only the others are looked at in their
-- order. Pairs are counted by one number, which a few others can have by chance. The score is the mean of four of at most 25
-- points each: pairs that cover too little of a window cannot reach it, however even they are.
SELECT o.time_start, o.time_end, o.src_ip, o.src_port, o.dst_ip, o.dst_port, o.proto, o.src_bytes, o.app, o.tcp_src_flags, o.name, o.pair
FROM (
    SELECT time_start, time_end, src_ip, src_port, dst_ip, dst_port, proto, src_bytes, app, tcp_src_flags,
           COALESCE(tls_sni, http_host, dst_name) AS name, hash(src_ip, dst_ip, dst_port, proto) AS pair
    FROM flows
    WHERE $all AND $part.beacon_traffic
) AS o
JOIN (
    SELECT hash(src_ip, dst_ip, dst_port, proto) AS pair
    FROM flows
    WHERE $all AND $part.beacon_traffic
    GROUP BY 1
    HAVING COUNT(*) >= $connections
       AND CAST(MAX(time_start) AS BIGINT) - CAST(MIN(time_start) AS BIGINT) + 2000000000 >= ($score / 25.0 - 3) * $span * 750000000
) AS m ON o.pair = m.pair
