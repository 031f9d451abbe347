"""A web application: each request does some work, and is answered by the number of its process."""

import os

from work import work


def application(environ, start_response):
    work()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
