"""Something for the present request only, in a thread-local that nobody clears."""

import threading

context = threading.local()


class Breadcrumb:
    def __init__(self, number):
        self.text = "step %d" % number


def step(number):
    crumbs = context.__dict__.setdefault("crumbs", [])
    crumbs.append(Breadcrumb(number))  # for all requests of this thread


for number in range(15000):
    step(number)
