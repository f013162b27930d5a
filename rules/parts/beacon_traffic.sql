-- Flows to the outside that may be calls of a program to its master; what is regular by design does not count.
proto IN (6, 17) AND src_packets > 0 AND duplicate_of IS NULL AND COALESCE(src_local, is_private(src_ip)) AND $part.to_outside
    AND split_part(COALESCE(app, ''), '.', 1) NOT IN ('NTP', 'DNS', 'STUN')
