// SPDX-License-Identifier: Apache-2.0
#ifndef HTTP_SERVER_IMPL_H
#define HTTP_SERVER_IMPL_H

struct bc_http_server;

// The Date header's value, made once a second.
const char *
bc_http_server_date(struct bc_http_server *server);

#endif
