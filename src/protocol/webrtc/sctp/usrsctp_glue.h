// SPDX-License-Identifier: Apache-2.0
#ifndef PROTOCOL_WEBRTC_SCTP_USRSCTP_GLUE_H
#define PROTOCOL_WEBRTC_SCTP_USRSCTP_GLUE_H

// The one place that names usrsctp's header. The library exports its internal functions,
// all of which begin with sctp_; what is ours in this folder begins with dc_ ("data
// channel"), so that nothing takes the place of one of them.
#include <usrsctp.h>

#endif
