// SPDX-License-Identifier: Apache-2.0
// HTTP/2 is refused until its session lands: bc_h2_create() fails and the connection closes.
#include "h2.h"
struct bc_h2 *bc_h2_create(struct bc_http_conn *c){(void)c;return 0;}
void bc_h2_destroy(struct bc_h2 *h){(void)h;}
int bc_h2_upgrade(struct bc_h2 *h, struct bc_http_exchange *x, const char *s){(void)h;(void)x;(void)s;return -1;}
void bc_h2_input(struct bc_h2 *h2, const uint8_t *data, size_t len, int64_t now_us){(void)h2;(void)data;(void)len;(void)now_us;}
void bc_h2_writable(struct bc_h2 *h){(void)h;}
void bc_h2_timeout(struct bc_h2 *h){(void)h;}
void bc_h2_closed(struct bc_h2 *h, const char *r){(void)h;(void)r;}
void bc_h2_drain(struct bc_h2 *h){(void)h;}
