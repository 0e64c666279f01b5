// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_TRANSPORT_SRTP_OPENSSL_H
#define PROTOCOL_WEBRTC_TRANSPORT_SRTP_OPENSSL_H

// Has libsrtp encrypt by OpenSSL, whatever it was built with. Debian builds it with NSS,
// whose contexts take 9 KiB per cipher and a process-wide lock, and whose counter mode is
// eight times slower. Once, after srtp_init(). 0, or -EIO when libsrtp's tests of the
// ciphers fail; then its own are used, and all works as before.
int
srtp_openssl_install(void);

#endif
