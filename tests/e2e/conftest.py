# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests: servers that always end, and logs of what failed."""
import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from kit import process  # noqa: E402
from kit.server import Server  # noqa: E402

DEFAULT_LIMIT_S = 90


def pytest_configure(config):
    config.addinivalue_line('markers', 'limit(seconds): the test fails when it takes twice as long')


def pytest_unconfigure():
    """What a fixture left that failed before its end."""
    process.end_all()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, 'report_' + report.when, report)


@pytest.fixture(autouse=True)
def time_limit(request):
    """No test hangs: a signal ends it with a traceback of where it waited. A busy machine may
    take twice as long."""
    marker = request.node.get_closest_marker('limit')
    seconds = 2 * (marker.args[0] if marker else DEFAULT_LIMIT_S)

    def too_long(_number, _frame):
        raise TimeoutError(f'the test took longer than {seconds} s')

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(autouse=True)
def clean_processes(request):
    mark = process.mark()
    yield
    words = process.end_all(mark)
    report = getattr(request.node, 'report_call', None)
    if report is not None and report.failed:
        report.sections.append(('processes', '\n'.join(words)))
        print('\n'.join(words))


@pytest.fixture
def make_server(tmp_path, clean_processes):
    """A factory; all servers it made are drained at the end and their logs judged."""
    servers = []

    def make(settings=None, **kw):
        # One server works in a data directory.
        place = tmp_path / f'server-{len(servers) + 1}' if servers else tmp_path
        place.mkdir(exist_ok=True)
        server = Server(str(place), settings, **kw)
        servers.append(server)
        return server.start()

    yield make
    problems = []
    for server in servers:
        try:
            server.stop()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, '\n'.join(problems)


@pytest.fixture
def server(make_server):
    """An open server with the defaults."""
    return make_server()


@pytest.fixture(scope='module')
def shared_server(tmp_path_factory):
    """One open server for the tests of a module that only look at it."""
    mark = process.mark()
    server = Server(str(tmp_path_factory.mktemp('shared'))).start()
    yield server
    try:
        server.stop()
    finally:
        process.end_all(mark)


@pytest.fixture(scope='session')
def variants(tmp_path_factory):
    """Where samples made during the run are kept."""
    return tmp_path_factory.mktemp('variants')
