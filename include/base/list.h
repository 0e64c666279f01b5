// SPDX-License-Identifier: Apache-2.0
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#define bc_container_of(ptr, type, member) \
    ((type *)((char *)(ptr) - offsetof(type, member)))

// A node embedded in the structs that a list joins; the list's head is a node too. A node
// that is in no list points to itself, so removing it twice is harmless.
struct bc_list {
    struct bc_list *prev;
    struct bc_list *next;
};

static inline void
bc_list_init(struct bc_list *n)
{
    n->prev = n->next = n;
}

static inline bool
bc_list_empty(const struct bc_list *head)
{
    return head->next == head;
}

// Before `head`, i.e. at the end of its list.
static inline void
bc_list_append(struct bc_list *head, struct bc_list *n)
{
    n->prev = head->prev;
    n->next = head;
    head->prev->next = n;
    head->prev = n;
}

static inline void
bc_list_remove(struct bc_list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    bc_list_init(n);
}

// Moves all of `from` to the end of `to`.
static inline void
bc_list_splice(struct bc_list *to, struct bc_list *from)
{
    if (bc_list_empty(from)) {
        return;
    }
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    bc_list_init(from);
}

// The loop's body may remove `it`, and no other node.
#define bc_list_for_each(it, tmp, head) \
    for (struct bc_list *it = (head)->next, *tmp = it->next; it != (head); \
         it = tmp, tmp = it->next)

#endif
