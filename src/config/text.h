// SPDX-License-Identifier: Apache-2.0
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

// NULL, or why a text cannot stand in a configuration. Control characters could forge a
// header or a line of a log where it is used, and JSON takes only UTF-8.
const char *
bc_text_problem(const char *text);

#endif
