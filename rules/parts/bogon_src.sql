-- The initiator has an address that is given to nobody (RFC 6890).
(in_net(src_ip, '0.0.0.0/8') AND src_ip <> '0.0.0.0') OR (in_net(src_ip, '127.0.0.0/8') AND NOT in_net(dst_ip, '127.0.0.0/8'))
    OR (in_net(src_ip, '240.0.0.0/4') AND src_ip <> '255.255.255.255') OR in_net(src_ip, '100::/64') OR in_net(src_ip, 'fec0::/10')
