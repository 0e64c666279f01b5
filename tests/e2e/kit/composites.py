# SPDX-License-Identifier: Apache-2.0
"""Composite channels of a server: their scenes by the API, and the processes that make them."""
import json
import os

from .wait import until


def put(server, channel, body, path='', method='PUT'):
    answer = server.get(f'/api/v1/channels/{channel}/scene{path}', method=method,
                        body=body if isinstance(body, str) else json.dumps(body))
    return answer.status, json.loads(answer.body) if answer.body else {}


def status(server, channel):
    return server.json(f'/api/v1/channels/{channel}/scene/status')


def wait_on_air(server, channel, seconds=20):
    until(lambda: status(server, channel)['state'] == 'on_air', seconds,
          lambda: f'{channel}: {status(server, channel)}\n{server.process.tail()}')


def children(pid):
    """The process ids of a process's children: a server's are its composers."""
    found = []
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/stat', encoding='utf-8') as file:
                parent = int(file.read().rsplit(')', 1)[1].split()[1])
        except OSError:
            continue
        if parent == pid:
            found.append(int(name))
    return found


def composers(server):
    """The process ids of all composers that work for this server, whoever started them."""
    found = []
    for name in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{name}/cmdline', 'rb') as file:
                words = file.read().split(b'\0')
        except OSError:
            continue
        if b'compose' in words and server.http('').encode() in words:
            found.append(int(name))
    return found
