// SPDX-License-Identifier: Apache-2.0
// Channels that show other channels: who is told when something changes.
#include "channel_internal.h"

void
bc_follow_begin(struct bc_follow *follow, struct bc_channel *by, struct bc_channel *to)
{
    follow->by = by;
    follow->to = to;
    bc_list_init(&follow->node);
    pthread_mutex_lock(&to->program_lock);
    bc_list_append(&to->followers, &follow->node);
    pthread_mutex_unlock(&to->program_lock);
}

void
bc_follow_end(struct bc_follow *follow)
{
    if (!follow->to) {
        return;
    }
    pthread_mutex_lock(&follow->to->program_lock);
    bc_list_remove(&follow->node);
    pthread_mutex_unlock(&follow->to->program_lock);
    bc_channel_unref(&follow->to);
}

bool
bc_channel_has_followers(struct bc_channel *channel)
{
    pthread_mutex_lock(&channel->program_lock);
    bool any = !bc_list_empty(&channel->followers);
    pthread_mutex_unlock(&channel->program_lock);
    return any;
}

void
bc_channel_poke(struct bc_channel *channel)
{
    // A channel without references is being freed, on its home; it stops following first.
    if (bc_channel_try_ref(channel)) {
        if (atomic_exchange(&channel->poked, true)) {
            bc_channel_unref(&channel);
        } else {
            bc_worker_post(channel->home, &channel->poke_task);
        }
    }
}

void
bc_channel_tell_followers(struct bc_channel *channel)
{
    pthread_mutex_lock(&channel->program_lock);
    bc_list_for_each(node, tmp, &channel->followers)
    {
        bc_channel_poke(bc_container_of(node, struct bc_follow, node)->by);
    }
    pthread_mutex_unlock(&channel->program_lock);
}
