// SPDX-License-Identifier: Apache-2.0
#ifndef NET_PEER_H
#define NET_PEER_H

#define BC_PEER_TEXT 64

// The address of a connected socket's other end, as text: "1.2.3.4:5" or "[::1]:5" in
// `peer`, without port and brackets in `ip`. IPv4 on a dual-stack socket is written as
// IPv4.
void
bc_peer_format(int fd, char peer[BC_PEER_TEXT], char ip[BC_PEER_TEXT]);

#endif
