// SPDX-License-Identifier: Apache-2.0
#ifndef RULES_H
#define RULES_H

#include <stdbool.h>
#include <stddef.h>

// What a card may hold. Each function gives NULL, or why not: a text of ours that goes behind
// the element's or attribute's name.

// An element by its name without a prefix.
const char *
card_rule_element(const char *name);

// Attributes that are kept; others are left out without a word, if they are harmless.
bool
card_rule_is_kept(const char *name);

const char *
card_rule_attribute(const char *element, const char *name, const char *value);

// The text of a <style>.
const char *
card_rule_css(const char *text);

// A data: URL of a PNG or JPEG within the limits.
const char *
card_rule_data_url(const char *url);

#endif
