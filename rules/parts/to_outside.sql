-- The responder is outside, and no group of hosts.
NOT COALESCE(dst_local, is_private(dst_ip)) AND NOT in_net(dst_ip, '224.0.0.0/3') AND NOT in_net(dst_ip, 'ff00::/8')
