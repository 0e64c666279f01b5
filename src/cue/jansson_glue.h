// SPDX-License-Identifier: Apache-2.0
#ifndef CUE_JANSSON_GLUE_H
#define CUE_JANSSON_GLUE_H

#include <jansson.h>

#endif
