-- The responder has an address that is given to nobody (RFC 6890).
(in_net(dst_ip, '0.0.0.0/8') AND dst_ip <> '0.0.0.0') OR (in_net(dst_ip, '127.0.0.0/8') AND NOT in_net(src_ip, '127.0.0.0/8'))
    OR (in_net(dst_ip, '240.0.0.0/4') AND dst_ip <> '255.255.255.255') OR in_net(dst_ip, '100::/64') OR in_net(dst_ip, 'fec0::/10')
